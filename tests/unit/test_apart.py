"""Parts of the week are compiled when a plan needs them, once, under a key that their source enters."""

import numpy as np
import pytest

from channelsim import apart
from channelsim.kernels import addressed
from channelsim.steps import PARTS
from channelsim.tables import Draws
from channelsim.week import EXPECT_LINEAR_DEMAND, PROPOSE_BEST_RESPONSE_LINEAR, SELL, SELL_WITH_BACKLOG
from compiled_code import JIT_OFF
from related_market import Opened, related


def tables():
    """Return a world, its terms, a state and draws."""
    opened = Opened(related())
    draws = Draws(np.zeros((4, 1)), np.zeros((4, opened.channel.sizes.territories)), np.zeros((2, 4)))
    return opened.channel.world, opened.terms, opened.state, draws


@pytest.mark.skipif(JIT_OFF, reason="nothing is compiled")
def test_steps_of_a_part_share_an_address_and_those_of_the_week_have_none():
    codes = [SELL, EXPECT_LINEAR_DEMAND, PROPOSE_BEST_RESPONSE_LINEAR, SELL_WITH_BACKLOG]
    program = addressed([(code, -1, 2) for code in codes], *tables())
    assert program[:, :3].tolist() == [[code, -1, 2] for code in codes]
    sell, expect, respond, owe = program[:, 3].tolist()
    assert sell == -1
    assert expect == respond > 0
    assert owe not in (expect, -1)


@pytest.mark.skipif(JIT_OFF, reason="nothing is compiled")
def test_an_edit_of_any_rule_makes_a_part_compile_anew():
    number = next(n for n, part in enumerate(PARTS) if SELL_WITH_BACKLOG in part.codes)
    addressed([(SELL_WITH_BACKLOG, -1, 1)], *tables())
    from channelsim.kernels import _digests

    assert not apart.is_missing(number, _digests()[0])
    assert apart.is_missing(number, "another digest")
    assert all(apart.is_missing(other, "another digest") for other in range(len(PARTS)))


def test_tables_whose_rows_do_not_lie_in_order_are_refused():
    """Parts read all tables alike: one in another order would be read wrongly without a word."""
    world, terms, state, draws = tables()
    turned = terms._replace(utility=np.asfortranarray(np.ones((2, 3))))
    with pytest.raises(TypeError, match=r"Terms\.utility: the rows of an array do not lie in order"):
        addressed([(EXPECT_LINEAR_DEMAND, -1, 1)], world, turned, state, draws)
