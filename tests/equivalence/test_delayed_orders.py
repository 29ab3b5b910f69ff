"""Orders that take weeks, shared forecasts, margins in money, late sales: all engines agree, bit for bit."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from channelsim.engines.mesa_members import Retailer
from channelsim.engines.mesa_model import ChannelModel
from channelsim.planning import plan_week
from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.week import COLLECT_DELAYED_ORDERS, FORECAST_SHARED
from channelsim.world import build
from example_markets import market, serial

COLUMNS = (
    "order",
    "on_order",
    "demand",
    "sales",
    "late_sales",
    "owed",
    "forecast",
    "forecast_variance",
    "price",
)
JIT_IS_OFF = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def delayed() -> Scenario:
    """Return four tiers: Poisson demand that waits, delays that differ, forecasts shared, margins kept."""
    demand = {"system": "given", "mean": 8.0, "noise": "poisson", "unmet": "backlogged"}
    scenario = serial([], delays=(1, 3, 2), markups=[1.5, 1.2, 1.1, 2.0], demand=demand)
    return scenario.replace(
        **{
            "weeks": 40,
            "members.maker.ordering.forecast": "shared",
            "members.middle.ordering.forecast": "shared",
            "members.middle.ordering.opening_pipeline": 20.0,
            "members.store.count": None,
            "members.store.per_territory": 3,
            "members.store.pricing": {"rule": "margin", "margin": 2.5},
        }
    )


def different_delays() -> Scenario:
    """Return stores of two groups whose orders take different weeks."""
    prices = ({"rule": "margin", "margin": {"A": 3.0, "B": 1.0}}, "best_response")
    return market({"system": "logit", "noise": "poisson"}, prices).replace(
        **{"weeks": 12, "contracts.1.order_delay": 2, "contracts.2.order_delay": 1}
    )


SCENARIOS = {"delayed": delayed, "different delays": different_delays}


@pytest.mark.jit_off
@pytest.mark.parametrize("name", SCENARIOS)
def test_mesa_equals_batch(name):
    scenario = SCENARIOS[name]()
    record = [f"{column} by holding" for column in COLUMNS]
    batch = simulate(scenario, replications=3, seed=9, record=record, progress=False)
    model = ChannelModel(scenario, seed=9, replication=2)
    for week in range(scenario.weeks):
        model.step()
        for column in COLUMNS:
            expected = batch.trajectories[f"{column}_by_holding"].values[0, 2, week]
            rows = model.agent_of_row.values()
            found = np.concatenate([np.atleast_1d(np.asarray(getattr(agent, column))) for agent in rows])
            assert np.array_equal(found, expected), (column, week)
    for metric in ("average_backlog", "immediate_fill_rate"):
        assert model.metric(metric) == batch.metrics[metric].values[0, 2]
    assert model.state.orders_in_transit.sum() > 0.0


def test_the_scenarios_use_what_they_are_for():
    channel = build(delayed())
    steps = {planned.code for planned in plan_week(channel, channel.apply())}
    assert {COLLECT_DELAYED_ORDERS, FORECAST_SHARED} <= steps
    model = ChannelModel(delayed())
    model.run()
    assert model.metric("average_backlog") > 0.0


DIGEST = """
import hashlib
from channelsim.engines.mesa_model import ChannelModel
digest = hashlib.sha256()
for path in {paths!r}:
    model = ChannelModel(path, seed=5, replication=1)
    while model.week < model.weeks:
        model.step()
        digest.update(model.state.flat.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.skipif(JIT_IS_OFF, reason="compares compiled rules with plain Python")
def test_plain_python_gives_the_same_bits(tmp_path):
    paths = []
    for name, made in SCENARIOS.items():
        path = tmp_path / f"{name}.toml"
        made().save(path)
        paths.append(str(path))
    source = DIGEST.format(paths=paths)
    printed = [
        subprocess.run(
            [sys.executable, "-c", source],
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in ("0", "1")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) > hashlib.sha256().digest_size


def test_an_agents_order_is_delayed_like_any_other():
    """An override replaces the intention; what is placed travels as the contract says."""

    class Hoarder(Retailer):
        def choose_order(self):
            return 100.0 if self.model.week == 4 else 0.0

    model = ChannelModel(delayed(), agent_classes={"store": Hoarder})
    asked = []
    for _ in range(9):
        model.step()
        asked.append(model.total("demand", group="middle"))
    assert asked == [0.0] * 6 + [300.0, 0.0, 0.0]
