"""Terms beside the unit price: the same bits in batch, in Mesa and with the compiler off."""

import sys

import numpy as np

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.engines.batch import run_batch
from channelsim.engines.mesa_model import ChannelModel
from channelsim.world import build
from compiled_code import compares_with_plain_python, output_without_jit
from supported_worlds import POLICY, everything

METRICS = ("support_paid", "support_received", "franchise_fees_paid", "compensation_received", "profit")


def sample():
    totals = run_batch(build(everything(5)), [POLICY], 1, 1, workers=1)
    names = totals.columns["members"]
    paid = totals.values["members", "overall"][0, 0, [names.index(name) for name in METRICS], 0]
    assert (paid[:4] > 0.0).all()
    return totals.values["members", "group"].tobytes() + totals.relationships.values.tobytes()


@compares_with_plain_python
def test_side_payments_are_the_same_without_the_compiler():
    assert output_without_jit(__file__) == sample()


def test_side_payments_equal_those_of_a_model_week_by_week():
    channel = build(everything())
    totals = run_batch(channel, [POLICY], 2, 3, workers=1)
    model = ChannelModel(channel, POLICY, replication=1, seed=3)
    model.run()
    found = model.totals()
    for key, values in totals.values.items():
        assert np.array_equal(found.values[key][:, 0], values[:, 1]), key


def test_idle_rows_change_nothing():
    """Run on all rows, and on those that two of three shops leave."""
    fewer = Policy(name="fewer", terms=POLICY.terms, density={"shops": {"per_territory": 2}})
    built = build(everything())
    channel, terms = built.under(fewer)
    assert channel.sizes.links < built.sizes.links
    principal = terms.links_index[c.PRINCIPAL_HOLDING]
    assert principal.max() < channel.sizes.holdings
    alone = build(everything(**{"members.shops.per_territory": 2}))
    one = run_batch(built, [fewer], 1, 1, workers=1)
    other = run_batch(alone, [POLICY], 1, 1, workers=1)
    assert np.array_equal(one.values["members", "group"], other.values["members", "group"])


if __name__ == "__main__":
    sys.stdout.buffer.write(sample())
