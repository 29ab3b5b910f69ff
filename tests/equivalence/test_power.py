"""Reviews of power and renewals: the same bits in batch, in Mesa and with the compiler off."""

import sys

import numpy as np
import pytest

from channelsim import Scenario, simulate
from channelsim.decisions import BASE, Policy
from channelsim.engines.batch import run_batch
from channelsim.engines.mesa_model import ChannelModel
from channelsim.metrics import GROUPINGS
from channelsim.world import build
from compiled_code import compares_with_plain_python, output_without_jit


def negotiation(weeks=8, **changes):
    return Scenario.from_library("negotiation").replace(
        weeks=weeks, warm_up_weeks=2, review_weeks=2, **({"bargaining.renewal_weeks": 4} | changes)
    )


def sample():
    totals = run_batch(build(negotiation(5)), [BASE], 1, 1, workers=1)
    return totals.relationships.values.tobytes() + totals.values["members", "overall"].tobytes()


@compares_with_plain_python
def test_reviews_and_renewals_are_the_same_without_the_compiler():
    assert output_without_jit(__file__) == sample()


def test_reviews_equal_those_of_a_model_week_by_week():
    channel = build(negotiation())
    totals = run_batch(channel, [BASE], 2, 1, workers=1)
    model = ChannelModel(channel, seed=1, replication=1)
    model.run()
    values = model.totals().relationships.values[0, 0]
    assert np.array_equal(values, totals.relationships.values[0, 1], equal_nan=True)


def test_measuring_changes_nothing_else():
    """Links that are kept for their alternates, and the reviews themselves, leave every metric as it was.

    To the last bits: sums over links have more rows.
    """
    for name, weeks in (("pxy", 20), ("appliances", 6)):
        scenario = Scenario.from_library(name).replace(
            weeks=weeks,
            warm_up_weeks=2,
            review_weeks=5,
            **{"power.measured": False, "power.outside_options": []},
        )
        density = {"independents": {"scale": 0.7}} if name == "appliances" else {}
        policies = [BASE, Policy(name="thinner", density=density)] if density else BASE
        measured = simulate(scenario.replace(**{"power.measured": True}), policies, 2, progress=False)
        plain = simulate(scenario, policies, 2, progress=False)
        for grouping in GROUPINGS:
            for metric, values in plain._datasets[grouping].items():
                found = measured._datasets[grouping][metric].values
                np.testing.assert_allclose(
                    found, values.values, rtol=1e-12, atol=1e-6, err_msg=f"{name} {metric}"
                )
        assert not plain.relationships.data_vars
        assert measured.relationships["dependence_of_buyer"].notnull().any()


def test_relationships_do_not_depend_on_workers():
    one, two = (simulate(negotiation(), None, 4, workers=w, progress=False).relationships for w in (1, 2))
    assert one.identical(two)


def test_shops_that_close_leave_no_row_to_be_measured():
    scenario = negotiation(**{"members.independents.maximum_scale": 2.0})
    few = Policy(name="few", density={"independents": {"per_territory": 1}})
    found = simulate(scenario, [BASE, few], 1, progress=False).relationships["dependence_of_buyer"]
    used = found.isel(replication=0, review_week=-1).notnull().sum("relationship")
    assert used.sel(policy="few") < used.sel(policy="base") < found.sizes["relationship"]


def test_the_columns_of_relationships_are_no_weekly_series():
    with pytest.raises(ValueError, match=r"kept at every review: read Result\.relationships"):
        simulate("negotiation", replications=1, record=["dependence_of_buyer"], progress=False)


if __name__ == "__main__":
    sys.stdout.buffer.write(sample())
