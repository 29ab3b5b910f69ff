"""The Mesa model equals the batch engine bit for bit, compiled and as plain Python; and Mesa's tools work."""

import gc
import hashlib
import inspect
import json
import os
import pickle
import subprocess
import sys
import textwrap
import weakref
from pathlib import Path

import mesa
import numpy as np
import pytest

from channelsim.analysis.results import Result
from channelsim.decisions import BASE, Policy
from channelsim.engines.batch import run_batch, run_task
from channelsim.engines.driver import Driver
from channelsim.engines.groupings import Groupings
from channelsim.engines.mesa_members import AGENT_CLASSES, ChannelMember, Retailer
from channelsim.engines.mesa_model import REPORTED, ChannelModel
from channelsim.engines.reviews import Related
from channelsim.engines.trajectories import read_requests
from channelsim.engines.workspace import Recording, Workspace
from channelsim.errors import ScenarioError, SimulationError
from channelsim.scenario import Scenario, library_names
from channelsim.schema import COLUMNS, position
from channelsim.simulation import simulate
from channelsim.world import Channel, build

NAMES = library_names()
JIT_IS_OFF = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
# Every column of the state, every row where a trajectory can keep it, else by the finest groupings there are.
EVERYTHING = [
    (k.name, grouping)
    for k in COLUMNS
    # relationships are kept at every review; incentives have a test of their own
    if k.home == "state" and k.table not in ("relationships", "incentives")
    for grouping in {
        "holdings": ("holding",),
        "members": ("member",),
        "links": ("group", "territory", "brand"),
        "territories": ("territory",),
    }[k.table]
]


def small(name: str, weeks: int) -> Channel:
    return build(Scenario.from_library(name).replace(weeks=weeks, warm_up_weeks=weeks // 3))


def final_state(built: Channel, policy: Policy, seed: int, replication: int) -> np.ndarray:
    channel, terms = built.under(policy)
    space = Workspace(channel, Recording.of((), (), channel), Groupings.of(channel), 1)
    Driver(channel, terms, space, seed, replication, np.zeros(2, dtype=np.int64)).run(1)
    return space.state.flat


@pytest.fixture(scope="module")
def channels() -> dict[str, Channel]:
    return {name: small(name, 3 if JIT_IS_OFF else 8 if name == "appliances" else 30) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_every_week_equals_the_batch_engine(channels, name):
    channel, seed, replication = channels[name], 7, 2
    if JIT_IS_OFF and channel.sizes.links > 2000:
        pytest.skip("too large for plain Python")
    totals = run_batch(channel, [BASE], replication + 1, seed, record=EVERYTHING, workers=1)
    model = ChannelModel(channel, seed=seed, replication=replication)
    groupings = Groupings.of(model.channel)
    rows = {"holding": model.channel.built_holding, "member": model.channel.members.built_row}
    checked = 0
    for week in range(channel.scenario.weeks):
        model.step()
        for request in read_requests(EVERYTHING, channel):
            table = next(k.table for k in COLUMNS if k.name == request.column)
            values = getattr(model.state, table)[position(request.column)]
            expected = totals.trajectories[request.name].values[0, replication, week]
            if table == "territories":
                assert np.array_equal(values, expected), (request, week)
            elif request.grouping in rows:
                assert np.array_equal(values, expected[rows[request.grouping]]), (request, week)
            else:
                labels = groupings.rows[table, request.grouping]
                summed = np.bincount(labels[labels >= 0], values[labels >= 0], len(expected))
                assert np.array_equal(summed, expected), (request, week)
            checked += 1
    assert checked == len(EVERYTHING) * channel.scenario.weeks
    assert np.array_equal(model.state.flat, final_state(channel, BASE, seed, replication))


@pytest.mark.parametrize("name", NAMES)
def test_totals_and_metrics_equal_the_batch_engine(channels, name):
    channel = channels[name]
    if JIT_IS_OFF and channel.sizes.links > 2000:
        pytest.skip("too large for plain Python")
    model = ChannelModel(channel, seed=3, replication=1)
    assert np.isnan(model.metric("channel_profit"))
    with pytest.raises(SimulationError, match="run the model to its end first"):
        model.totals()
    model.run()
    totals = model.totals()
    batch = run_batch(channel, [BASE], 2, 3, workers=1)
    for key, values in batch.values.items():
        assert np.array_equal(totals.values[key][:, 0], values[:, 1]), key
    profit = Result.from_totals(batch).metrics["channel_profit"].values[0, 1]
    assert (
        model.metric("channel_profit")
        == profit
        == Result.from_totals(totals).metrics["channel_profit"].item()
    )
    by_role = model.metric("profit", "role")
    assert list(by_role) == list(batch.labels["role"])
    assert totals.provenance["replication"] == 1
    assert totals.provenance["agents"] == []


def test_replications_differ_and_seeds_do():
    channel = small("chain", 6)
    flats = []
    for seed, replication in ((1, 0), (1, 1), (2, 0)):
        model = ChannelModel(channel, seed=seed, replication=replication)
        model.run()
        flats.append(model.state.flat.copy())
    assert not np.array_equal(flats[0], flats[1])
    assert not np.array_equal(flats[0], flats[2])


def test_a_policy_reaches_the_model():
    policy = Policy(name="dearer", terms=[{"supplier": "maker", "wholesale_price": 70.0}])
    channel = small("bilateral", 20)
    model = ChannelModel(channel, policy=policy)
    model.run()
    assert np.array_equal(model.state.flat, final_state(channel, policy, 1, 0))
    assert model.member("store market").price == pytest.approx(85.0)
    as_data = ChannelModel(
        channel, policy={"name": "dearer", "terms": [{"supplier": "maker", "wholesale_price": 70.0}]}
    )
    as_data.run()
    assert np.array_equal(as_data.state.flat, model.state.flat)


def test_only_active_members_become_agents():
    scenario = Scenario.from_library("chain").replace(weeks=4)
    model = ChannelModel(scenario, policy={"density": {"stores": {"per_territory": 20}}})
    assert len(model.agents) == 1 + 10 + 10 * 20
    with pytest.raises(ScenarioError, match="not active under the policy"):
        model.member("stores region 1 21")
    maker = model.member("maker")
    assert len(maker.buyers) == 10
    assert all(len(d.buyers) == 20 and d.suppliers == (maker,) for d in maker.buyers)
    assert {type(a) for a in model.agents} == {
        AGENT_CLASSES[r] for r in ("manufacturer", "distributor", "retailer")
    }


DIGEST = """
import hashlib
from channelsim.engines.mesa_model import ChannelModel
digests = {{}}
for path in {paths!r}:
    model = ChannelModel(path, seed=5, replication=1)
    digest = hashlib.sha256()
    while model.week < model.weeks:
        model.step()
        digest.update(model.state.flat.tobytes())
    digests[path] = digest.hexdigest()
"""


def write_small(name: str, folder: Path) -> str:
    """Write a library scenario, cut down for plain Python, and return its path."""
    scenario = Scenario.from_library(name)
    path = folder / f"{name}.toml"
    scenario.save(path)
    for group in scenario.territories:
        if group.table:  # every fifteenth territory
            table = folder / group.table
            header, *rows = table.read_text(encoding="utf-8").splitlines()
            table.write_text("\n".join([header, *rows[::15]]) + "\n", encoding="utf-8")
    links = build(Scenario.load(path)).sizes.links
    weeks = max(2, min(30, 6000 // links))
    Scenario.load(path).replace(weeks=weeks, warm_up_weeks=1).save(path)
    return str(path)


@pytest.mark.skipif(JIT_IS_OFF, reason="compares compiled rules with plain Python")
def test_plain_python_gives_the_same_bits(tmp_path):
    paths = []
    for name in NAMES:
        (tmp_path / name).mkdir()
        paths.append(write_small(name, tmp_path / name))
    source = DIGEST.format(paths=paths)
    found: dict[str, object] = {}
    exec(source, found)
    done = subprocess.run(
        [sys.executable, "-c", source + "\nimport json\nprint(json.dumps(digests))"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == found["digests"]
    assert len(set(found["digests"].values())) == len(NAMES)


# What Mesa expects


def test_the_constructor_is_as_mesa_wants_it():
    parameters = inspect.signature(ChannelModel.__init__).parameters
    assert "scenario" not in parameters  # Mesa 3.5 passes an object of its own under that name
    for name, parameter in parameters.items():
        if name != "self":
            assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            assert parameter.default is not parameter.empty
    assert parameters["rng"].default is None
    assert list(inspect.signature(ChannelModel.step).parameters) == ["self"]


def test_no_column_hides_what_mesa_gives_an_agent():
    given = {name for name in dir(mesa.Agent) if not name.startswith("__")} | {"model", "unique_id", "pos"}
    assert given.isdisjoint(k.name for k in COLUMNS if k.table in ("members", "holdings"))
    assert {"scenario", "time", "steps", "random", "rng"}.isdisjoint(vars(ChannelModel))


def test_seeds_may_be_of_any_integer_kind():
    channel = small("chain", 2)
    flats = []
    for given in (
        {"seed": 4},
        {"seed": np.int64(4)},
        {"rng": 4},
        {"rng": np.int32(4)},
        {"seed": None, "rng": 4},
    ):
        model = ChannelModel(channel, **given)
        model.run()
        assert type(model.seed) is int
        flats.append(model.state.flat.tobytes())
    assert len(set(flats)) == 1
    assert (
        ChannelModel(channel, rng=np.random.SeedSequence(4)).seed
        == ChannelModel(channel, rng=np.random.SeedSequence(4)).seed
    )
    assert ChannelModel(channel).seed == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": -1}, "seed = -1: a whole number"),
        ({"seed": 1.5}, "seed = 1.5: a whole number"),
        ({"replication": -1}, "replication = -1"),
        ({"seed": 1, "rng": 2}, "give one of them"),
        ({"channel": "nowhere"}, "neither a file nor in the library"),
        ({"channel": 3}, "got int"),
        ({"policy": "cheap"}, "got str"),
        ({"agent_classes": {"store": int}}, "subclass of ChannelMember"),
        (
            {"agent_classes": {"shop": Retailer}},
            "'shop' is neither a member group nor a role: maker, store, plant",
        ),
        ({"agent_classes": {"maker": Retailer}}, "Retailer is for the role retailer"),
        ({"agent_reporters": {"stock": "stok"}}, "no agent has such an attribute"),
    ],
)
def test_what_is_not_admissible_is_refused_in_one_line(given, message):
    with pytest.raises(ScenarioError) as error:
        ChannelModel(**given)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_running_ends_at_the_first_step_without_a_week():
    model = ChannelModel(small("bilateral", 5))
    model.run(3)
    assert (model.week, model.steps, model.running) == (3, 3, True)
    model.run()
    assert (model.week, model.steps, model.running) == (5, 5, False)
    other = ChannelModel(small("bilateral", 5))
    other.run_model()
    assert (other.week, other.running) == (5, False)
    assert np.array_equal(other.state.flat, model.state.flat)
    assert len(other.datacollector.get_model_vars_dataframe()) == 6  # the opening state and five weeks


def test_data_collector_reports_models_and_agents():
    channel = small("pxy", 6)
    model = ChannelModel(
        channel,
        model_reporters={"sold": "sales", "P": lambda m: m.total("sales", brand="P"), "week": "week"},
        agent_reporters={"name": "name", "stock": "stock", "cash": "cash"},
    )
    model.run()
    frame = model.datacollector.get_model_vars_dataframe()
    sales = simulate(
        channel, replications=1, record=["sales", ("sales", "brand")], progress=False
    ).trajectories
    assert frame["sold"].iloc[1:].tolist() == sales["sales"].values.ravel().tolist()
    assert frame["P"].iloc[1:].tolist() == sales["sales_by_brand"].sel(brand="P").values.ravel().tolist()
    assert frame["week"].tolist() == list(range(7))
    agents = model.datacollector.get_agent_vars_dataframe()
    assert len(agents) == 7 * len(model.agents)
    rows = agents[agents["name"] == model.agents[-1].name]
    assert rows["cash"].nunique() > 1
    # A copy per week, not one view on the tables over and over.
    several = next(a for a in model.agents if len(a.brands) > 1)
    stocks = agents[agents["name"] == several.name]["stock"]
    assert len({tuple(s) for s in stocks}) > 1


def test_a_subclass_may_collect_by_itself():
    class Mine(ChannelModel):
        def __init__(self, rng=None):
            super().__init__("bilateral", rng=rng)
            self.datacollector = mesa.DataCollector({"demand": lambda m: m.total("demand")})

        def step(self):
            super().step()
            self.datacollector.collect(self)

    model = Mine()
    for _ in range(3):
        model.step()
    assert len(model.datacollector.get_model_vars_dataframe()) == 3
    assert model.total("demand") == pytest.approx(model.agents[-1].demand)


def test_total_follows_the_batch_engines_conventions():
    channel = small("chain", 4)
    model = ChannelModel(channel)
    model.run()
    found = simulate(
        channel,
        replications=1,
        progress=False,
        record=["stock", ("stock", "group"), ("profit", "role"), ("shipped", "territory")],
    ).trajectories.isel(week=-1, policy=0, replication=0)
    assert model.total("stock") == found["stock"].item()
    assert (
        model.total("stock", group="distributors") == found["stock_by_group"].sel(group="distributors").item()
    )
    assert model.total("profit", role="retailer") == found["profit_by_role"].sel(role="retailer").item()
    territory = channel.territories.names[0]
    assert (
        model.total("shipped", territory=territory)
        == found["shipped_by_territory"].sel(territory=territory).item()
    )
    for given, message in (
        ({"name": "sale"}, "'sale' is not a column of the state"),
        ({"name": "profit", "brand": "A"}, "rows of the members have no brand"),
        ({"name": "stock", "group": "shops"}, "group = 'shops': admissible: maker, distributors, stores"),
    ):
        with pytest.raises(ScenarioError, match=message):
            model.total(**given)


def batch_parameters(weeks: int) -> dict[str, object]:
    return {
        # A scenario and a policy are iterable: in a list they are one value each.
        "channel": [Scenario.from_library("chain").replace(weeks=weeks)],
        "policy": [None, Policy(name="fewer", density={"stores": {"scale": 0.5}})],
        "replication": range(2),
        "agent_reporters": [{"cash": "cash"}],
    }


def test_batch_run_in_this_process():
    weeks, parameters = 4, batch_parameters(4)
    rows = mesa.batch_run(
        ChannelModel, parameters, number_processes=1, data_collection_period=1, display_progress=False
    )
    last = {
        (r["policy"].name if r["policy"] else "base", r["replication"]): r for r in rows if r["Step"] == weeks
    }
    found = simulate(
        parameters["channel"][0],
        [BASE, parameters["policy"][1]],
        replications=2,
        record=["sales"],
        progress=False,
    ).trajectories["sales"]
    assert len(last) == 4
    for (policy, replication), row in last.items():
        assert row["sales"] == found.sel(policy=policy, replication=replication).values[-1]
    assert {r["Step"] for r in rows} >= set(range(weeks + 1))
    assert len({r["AgentID"] for r in rows}) == 511
    assert {"cash", *REPORTED} <= set(rows[0])


@pytest.mark.parametrize("processes", [1, 2])
def test_batch_run_gives_the_same_on_any_number_of_processes(processes, tmp_path):
    script = tmp_path / "experiment.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import json, mesa
            from channelsim.engines.mesa_model import ChannelModel
            from channelsim.scenario import Scenario

            if __name__ == "__main__":
                scenario = Scenario.from_library("bilateral").replace(weeks=3, warm_up_weeks=0)
                parameters = {{"channel": [scenario], "replication": range(2)}}
                rows = mesa.batch_run(
                    ChannelModel, parameters, number_processes={processes}, display_progress=False
                )
                keys = ("replication", "Step", "sales", "profit")
                print(json.dumps(sorted([row[key] for key in keys] for row in rows)))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [r[:2] for r in rows] == [[0, 3], [1, 3]]
    model = ChannelModel(small("bilateral", 3))
    model.run()
    assert rows[0][2:] == [model.total("sales"), model.total("profit")]


def test_models_are_collected():
    channel = small("bilateral", 3)

    def run() -> weakref.ref:
        model = ChannelModel(channel)
        model.run()
        return weakref.ref(model)

    gone = [run() for _ in range(3)]
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3


def test_agents_are_numbered_from_one_whoever_comes_later():
    model = ChannelModel("bilateral")
    visitor = mesa.Agent(model)
    assert [a.unique_id for a in model.agents] == [1, 2, 3]
    assert visitor.unique_id == 3
    model.step()
    assert model.week == 1


def test_a_model_is_not_copied_into_pieces():
    from copy import deepcopy

    with pytest.raises(TypeError, match="build it again from its parameters"):
        deepcopy(ChannelModel("bilateral"))


def test_solara_style_parameters_pass_mesas_check():
    pytest.importorskip("solara")
    from mesa.visualization.solara_viz import _check_model_params

    _check_model_params(ChannelModel.__init__, {"channel": "bilateral", "seed": 3, "replication": 1})


def test_solara_style_rebuild():
    # SolaraViz builds the model anew from keyword arguments and reads its data collector.
    parameters = {"channel": "bilateral", "seed": 3, "replication": 1}
    model = ChannelModel(**parameters)
    model.step()
    again = type(model)(**parameters)
    again.step()
    assert np.array_equal(again.state.flat, model.state.flat)
    assert set(model.datacollector.model_vars) == set(REPORTED)


def test_mesa_is_imported_only_when_used():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import channelsim, channelsim.simulation, channelsim.engines.batch, multiprocessing, sys\n"
            "print('mesa' in sys.modules, multiprocessing.get_start_method(allow_none=True))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "None"]


# Agents as rows


def test_agents_read_and_write_the_tables():
    model = ChannelModel(small("bilateral", 12))
    store = model.member("store market")
    assert isinstance(store, Retailer)
    assert (store.name, store.role, store.group, store.territory, store.tier) == (
        "store market", "retailer", "store", "market", 1,
    )  # fmt: skip
    assert store.owner == "store market"
    assert model.member("maker").owner == "maker"
    assert model.member("maker").territory is None
    assert store.brands == ("A",)
    assert store.price == model.state.holdings[position("price"), 1]
    assert store.order_rule == 0
    model.step()
    before = store.stock
    store.stock = before + 5.0
    assert model.state.holdings[position("stock"), 1] == before + 5.0
    assert model.total("stock") == before + 5.0
    assert "stock" in dir(store)


def test_what_agents_change_before_the_first_week_counts():
    first, second = (ChannelModel(small("bilateral", 5)) for _ in range(2))
    second.member("store market").cash = 500.0
    first.run()
    second.run()
    assert second.member("store market").cash == pytest.approx(first.member("store market").cash + 500.0)


def test_members_with_several_brands_have_values_by_brand():
    model = ChannelModel(small("pxy", 3))
    model.run()
    store = next(a for a in model.agents if len(a.brands) > 1)
    stock = store.stock
    assert list(stock) == [stock[b] for b in store.brands]
    assert dict(stock.items()) == {b: stock[b] for b in store.brands}
    assert np.array_equal(np.asarray(0.5 * stock), 0.5 * np.asarray(stock))
    assert (stock + stock)[store.brands[0]] == 2.0 * stock[store.brands[0]]
    assert np.sum(stock) == stock.sum() == sum(stock)
    copied = pickle.loads(pickle.dumps(stock))
    assert dict(copied) == dict(stock)
    with pytest.raises(KeyError, match="held: "):
        stock["nothing"]
    with pytest.raises(TypeError, match=r"write agent\.<column> = "):
        stock[store.brands[0]] = 1.0
    store.stock = {store.brands[0]: 99.0}
    assert store.stock[store.brands[0]] == 99.0
    assert store.stock[store.brands[1]] == stock[store.brands[1]]
    assert stock[store.brands[0]] != 99.0  # what was read is a copy
    store.stock = [float(i) for i in range(len(store.brands))]
    assert list(store.stock) == [float(i) for i in range(len(store.brands))]


def test_unknown_names_and_bad_values_are_refused():
    model = ChannelModel("bilateral")
    store = model.member("store market")
    with pytest.raises(AttributeError, match=r"Retailer has no attribute 'stok': did you mean 'stock'\?"):
        _ = store.stok
    with pytest.raises(AttributeError, match="it is a column of the links"):
        _ = store.wholesale_price
    with pytest.raises(
        AttributeError, match=r"markup of 'store market' is fixed for a run: it is set by the scenario"
    ):
        store.markup = 2.0
    with pytest.raises(AttributeError, match="it is set by the policy"):
        store.minimum_order = 2.0
    with pytest.raises(SimulationError, match="stock of 'store market' got nan: admissible: 0 or more"):
        store.stock = float("nan")
    with pytest.raises(SimulationError, match="stock of 'store market' got None: expected a number"):
        store.stock = None
    with pytest.raises(SimulationError, match="stock of 'store market' got -1: admissible: 0 or more"):
        store.stock = -1.0
    with pytest.raises(SimulationError, match="cash of 'store market' got inf: admissible: a finite number"):
        store.cash = float("inf")
    with pytest.raises(
        SimulationError, match="attractiveness of 'store market' got 80: admissible: -50 to 50"
    ):
        store.attractiveness = 80.0
    with pytest.raises(
        ScenarioError, match="member 'shop' is not a member of the channel; active: maker, store market"
    ):
        model.member("shop")


def test_a_number_that_cannot_be_is_reported():
    model = ChannelModel(small("bilateral", 5))
    model.step()
    model.state.members[position("cash"), 1] = np.nan
    with pytest.raises(
        SimulationError, match=r"policy 'base', replication 0, week 1: .*cash of store market = nan"
    ):
        model.run()
    assert model.running is False
    with pytest.raises(SimulationError, match="stopped in week 1"):
        model.run()


def test_every_role_has_a_class():
    from channelsim.codes import ROLES

    assert set(AGENT_CLASSES) == set(ROLES)
    assert all(issubclass(k, ChannelMember) and k.__doc__ for k in AGENT_CLASSES.values())


def test_the_kernels_that_run_tasks_agree_with_a_model_run_in_parts():
    channel = small("chain", 8)
    outputs = run_task(
        *channel.under(),
        Recording.of(None, (), channel),
        Related.of(channel),
        0,
        1,
        1,
        np.zeros(2, dtype=np.int64),
    )
    model = ChannelModel(channel)
    model.run(5)
    model.run(3)
    digest = hashlib.sha256(outputs["holdings"].tobytes()).hexdigest()
    assert hashlib.sha256(model._space.outputs(1)["holdings"].tobytes()).hexdigest() == digest
