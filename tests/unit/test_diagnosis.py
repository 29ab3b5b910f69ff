"""What no channel can have never leaves the engine silently, and an interrupted run stops at once."""

import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from channelsim import columns as c
from channelsim.decisions import Policy
from channelsim.errors import SimulationError
from channelsim.events import resolve_events
from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.state_layout import cell
from channelsim.world import Channel, build
from compiled_code import JIT_OFF
from small_worlds import Run

# plain Python warns of the numbers that these tests put in
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def failure(scenario, policies=None, replications=2):
    """Return the message of a run that fails, which has to be one line."""
    with pytest.raises(SimulationError) as caught:
        simulate(scenario, policies, replications, progress=False, workers=1)
    message = str(caught.value)
    assert "\n" not in message
    return message


def spoil(monkeypatch, policy, table, column, row, value):
    """Put a number into the opening state of one policy."""
    under = Channel.under

    def spoilt(self, chosen=None):
        channel, terms = under(self, chosen)
        if chosen is not None and chosen.name == policy:
            terms.base[cell(channel.sizes, table, column, row)] = value
        return channel, terms

    monkeypatch.setattr(Channel, "under", spoilt)


@pytest.mark.jit_off
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("table", "column", "row", "what"),
    [
        ("holdings", c.FORECAST, -1, "of store market · A ="),
        ("members", c.CASH, 0, "cash of maker ="),
        ("links", c.WHOLESALE_PRICE, 0, "="),
        ("territories", c.MARKET, 0, "market of market ="),
    ],
)
def test_a_number_that_is_none_names_where_it_arose(monkeypatch, table, column, row, what, value):
    scenario = Scenario.from_library("bilateral").replace(weeks=4, warm_up_weeks=0)
    row %= getattr(build(scenario).sizes, table)
    spoil(monkeypatch, "spoilt", table, column, row, value)
    fine = Policy(name="fine")
    simulate(scenario, fine, 1, progress=False)
    message = failure(scenario, [fine, Policy(name="spoilt")])
    assert message.startswith("policy 'spoilt', replication 0, week 0: ")
    assert re.search(r"\(\w+\.py\): ", message), message
    assert what in message


@pytest.mark.jit_off
def test_stock_below_zero_names_where_it_arose(monkeypatch):
    scenario = Scenario.from_library("bilateral").replace(
        weeks=4, warm_up_weeks=0, **{"members.store.ordering.rule": "base_stock"}
    )
    spoil(monkeypatch, "spoilt", "holdings", c.STOCK, 1, -5.0)
    message = failure(scenario, Policy(name="spoilt"))
    assert message.startswith("policy 'spoilt', replication 0, week 0: ")
    assert "stock of store market · A = -5" in message


def overflowing():
    """Return a scenario that overflows where the market shock of a week is above ln 1.797 / 0.1."""
    return Scenario.parse(
        {
            "scenario_format": 1,
            "name": "overflowing",
            "weeks": 12,
            "demand": {"system": "given", "mean": 1e-300, "shock_deviation": 2.0},
            "brands": [{"name": "A"}],
            "members": [
                {"name": "maker", "role": "manufacturer", "count": 1},
                {"name": "store", "role": "retailer", "per_territory": 1, "suppliers": ["maker"]},
            ],
            "contracts": [{"supplier": "maker", "buyer": "store", "wholesale_price": 1.0}],
            "events": [{"week": 5, "duration": 4, "column": "market_index", "value": 1e307}],
        }
    )


@pytest.fixture
def _unbounded_events(monkeypatch):
    """Let events leave the bounds of their column, which the world otherwise sees to."""

    def unbounded(*arguments):
        events, values = resolve_events(*arguments)
        values[:, 2] = np.inf
        return events, values

    monkeypatch.setattr("channelsim.expansion.resolve_events", unbounded)


@pytest.mark.usefixtures("_unbounded_events")
def test_the_replication_and_the_week_are_those_in_which_it_happens():
    scenario = overflowing()
    message = failure(scenario, replications=30)
    found = re.match(r"policy 'base', replication (\d+), week (\d+): ([\w ]+) \((\w+)\.py\): (.+)", message)
    assert found, message
    replication, week, step, mechanism, what = found.groups()
    run = Run(scenario, replication=int(replication))
    for _ in range(int(week)):
        run.take_week()
        assert np.isfinite(run.state.flat).all()
    planned = next(taken for taken in run.steps() if not np.isfinite(run.state.flat).all())
    assert (planned.step.name, planned.step.mechanism) == (step, mechanism)
    assert (step, what) == ("update market size", "market of territory = inf")
    assert 5 <= int(week) < 9
    # the other replications are sound
    sound = Run(scenario.replace(events=[]), replication=int(replication))
    for _ in range(12):
        sound.take_week()
    assert np.isfinite(sound.state.flat).all()


@pytest.mark.usefixtures("_unbounded_events")
def test_a_failed_replication_stops_the_run_and_leaves_no_thread():
    failure(overflowing(), replications=200)
    assert not [t for t in threading.enumerate() if t.name.startswith("channelsim")]


INTERRUPTED = """
import signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores interrupts
import channelsim
channel = channelsim.Scenario.from_library("chain")
channelsim.simulate(channel, replications=1, progress=False)
print("running", flush=True)
try:
    channelsim.simulate(channel, replications=500_000, metrics=["profit"], progress=False)
except KeyboardInterrupt:
    alive = [t.name for t in threading.enumerate() if t is not threading.main_thread() and t.is_alive()]
    print("stopped", [name for name in alive if name.startswith("channelsim")], flush=True)
"""


@pytest.mark.skipif(JIT_OFF, reason="plain Python holds the interpreter's lock")
def test_an_interrupted_run_stops_and_leaves_no_thread():
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "running\n"
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        told, _ = child.communicate(timeout=60)  # the run itself would take many minutes
        assert child.returncode == 0
    assert told.strip() == "stopped []"
