"""Decisions of agents: what the rule proposes changes nothing; another decision is checked, then settled."""

import gc
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim import columns as c
from channelsim.engines.mesa_agents import DECISIONS, stop_of
from channelsim.engines.mesa_members import AGENT_CLASSES, Distributor, Manufacturer, Retailer
from channelsim.engines.mesa_model import ChannelModel
from channelsim.errors import ScenarioError, SimulationError
from channelsim.scenario import Scenario, library_names
from channelsim.simulation import simulate
from channelsim.world import build

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "mesa.md"
STORE = "store market"


def scenario(name: str, weeks: int, **changes: object) -> Scenario:
    return Scenario.from_library(name).replace(weeks=weeks, warm_up_weeks=0, **changes)


def on_credit(**changes: object) -> Scenario:
    return scenario("bilateral", 12, credit=True, **{"contracts.0.credit_weeks": 2}, **changes)


def echo(cls: type, decisions: list, calls: dict[str, int]) -> type:
    """Return a subclass that decides what its rule proposes, and counts how often it is asked."""

    def method(name: str):
        def decide(self):
            calls[name] = calls.get(name, 0) + 1
            return getattr(cls, name)(self)

        return decide

    return type(f"Echo{cls.__name__}", (cls,), {d.method: method(d.method) for d in decisions})


@pytest.mark.parametrize("name", library_names())
def test_what_the_rule_proposes_changes_nothing(name):
    channel = build(scenario(name, 4 if name == "appliances" else 20))
    plain = ChannelModel(channel, seed=3)
    plan, calls, classes = plain._driver.plan, {}, {}
    for group in channel.scenario.members:
        agents = [a for a in plain.agents if a.group == group.name]
        asked = [d for d in DECISIONS if agents and all(stop_of(d, a, plan) is not None for a in agents)]
        if asked:
            classes[group.name] = echo(AGENT_CLASSES[group.role], asked, calls)
    model = ChannelModel(channel, seed=3, agent_classes=classes)
    for _ in range(channel.scenario.weeks):
        plain.step()
        model.step()
        assert np.array_equal(model.state.flat, plain.state.flat)
    assert calls["choose_order"] > 0
    if name == "appliances":
        assert set(calls) == {d.method for d in DECISIONS} - {"choose_diversion"}
    if name == "diversion":
        assert calls["choose_diversion"] > 0
    for key, values in plain.totals().values.items():
        assert np.array_equal(model.totals().values[key], values)


def test_super_as_a_user_writes_it_changes_nothing():
    class Same(Retailer):
        def choose_order(self):
            return super().choose_order()

        def choose_price(self):
            return super().choose_price()

    plain, model = ChannelModel("bilateral"), ChannelModel("bilateral", agent_classes={"store": Same})
    plain.run()
    model.run()
    assert np.array_equal(model.state.flat, plain.state.flat)
    assert model.totals().provenance["agents"] == ["Same"]


def test_a_halved_order_reaches_its_supplier_the_same_week():
    proposals = []

    class Halving(Retailer):
        def choose_order(self):
            proposals.append(super().choose_order())
            return 0.5 * proposals[-1]

    model = ChannelModel("bilateral", agent_classes={"store": Halving})
    maker, store = model.member("maker"), model.member(STORE)
    for week in range(5):
        waiting = store.on_order
        model.step()
        assert proposals[week] > 0.0
        assert store.order == 0.5 * proposals[week]
        assert maker.demand == maker.sales == store.order
        assert model.state.links[c.ORDERED].tolist() == [store.order]
        assert store.on_order == pytest.approx(
            waiting + store.order - model.state.links[c.ARRIVED, 0], abs=1e-12
        )


def test_one_store_of_many_orders_differently():
    class Refusing(Retailer):
        def choose_order(self):
            return 0.0 if self.name == "stores region 1 7" else super().choose_order()

    plain = ChannelModel(scenario("chain", 3))
    model = ChannelModel(scenario("chain", 3), agent_classes={"stores": Refusing})
    plain.step()
    model.step()
    for a, b in zip(plain.agents, model.agents):
        if b.role == "retailer":
            assert b.order == (0.0 if b.name == "stores region 1 7" else a.order)
        if b.role == "distributor":
            expected = a.demand - (
                plain.member("stores region 1 7").order if b.territory == "region 1" else 0.0
            )
            assert b.demand == pytest.approx(expected, rel=1e-12)


def test_a_price_moves_demand_the_same_week():
    class Cheap(Retailer):
        def choose_price(self):
            return 70.0

    model = ChannelModel("bilateral", agent_classes={"retailer": Cheap})
    model.step()
    assert model.member(STORE).price == 70.0
    assert model.member(STORE).demand == pytest.approx(30.0)
    model.run()
    assert model.member(STORE).sales == pytest.approx(30.0)
    assert model.member(STORE).profit == pytest.approx((70.0 - 60.0) * 30.0)


def test_prices_are_asked_for_at_reviews_only():
    asked = []

    class Watching(Retailer):
        def choose_price(self):
            asked.append(self.model.week)
            return super().choose_price()

    model = ChannelModel(scenario("pxy", 10), agent_classes={"retailer": Watching})
    assert model.channel.scenario.price_review_weeks == 4
    model.run()
    assert sorted(set(asked)) == [0, 4, 8]


def test_service_is_perceived():
    valued, demand = scenario("pxy", 5, **{"segments.buyers.service_weight": 0.2}), []
    for effort in (2.0, 4.0):
        serving = type(
            "Serving", (Retailer,), {"choose_service": lambda self, e=effort: [e] * len(self.brands)}
        )
        model = ChannelModel(valued, agent_classes={"retailer": serving})
        model.run()
        for store in (a for a in model.agents if a.role == "retailer"):
            assert np.all(np.asarray(store.service) == effort)
            assert np.allclose(np.asarray(store.perceived_service), effort)
        demand.append(model.total("mean_demand"))
    assert demand[1] > demand[0] + 1.0


def test_a_late_payer_owes_what_it_does_not_pay():
    class Late(Retailer):
        def choose_payment(self):
            return 0.25 * super().choose_payment()

    plain, model = ChannelModel(on_credit()), ChannelModel(on_credit(), agent_classes={"store": Late})
    plain.run()
    model.run()
    maker, store = model.member("maker"), model.member(STORE)
    assert store.payment_made == 0.25 * store.payment_due > 0.0
    assert store.payable == pytest.approx(maker.receivable)
    assert store.payable > plain.member(STORE).payable
    owed = store.payable - plain.member(STORE).payable
    assert store.cash - plain.member(STORE).cash == pytest.approx(owed)
    assert plain.member("maker").cash - maker.cash == pytest.approx(owed)


def test_nobody_sees_anothers_answer():
    seen = []

    class Nosy(Retailer):
        def choose_order(self):
            other = self.model.agents[-1] if self is not self.model.agents[-1] else self.model.agents[-2]
            seen.append((other.name, other.order))
            return super().choose_order() + 1000.0

    model = ChannelModel(scenario("chain", 1), agent_classes={"stores": Nosy})
    model.step()
    assert len(seen) == 500
    assert max(order for _, order in seen) < 500.0
    assert min(a.order for a in model.agents if a.role == "retailer") >= 1000.0


def test_only_those_who_replace_a_decision_are_visited():
    class Deciding(Retailer):
        def choose_order(self):
            return super().choose_order()

    assert ChannelModel("chain")._deciders == {}
    model = ChannelModel("chain", agent_classes={"stores": Deciding, "distributors": Distributor})
    (asked,) = model._deciders.values()
    assert len(asked) == 500
    assert {d.method for _, d in asked} == {"choose_order"}
    step = model._driver.plan[next(iter(model._deciders))]
    assert (step.step.name, step.tier) == ("propose order-up-to", 2)
    following = model._driver.plan[next(iter(model._deciders)) + 1]
    assert (following.step.name, following.tier) == ("place orders", 2)


def test_an_agent_taken_out_follows_its_rule():
    class Refusing(Retailer):
        def choose_order(self):
            return 0.0

    model = ChannelModel("bilateral", agent_classes={"store": Refusing})
    store = model.member(STORE)
    model.step()
    assert store.order == 0.0
    store.remove()
    assert len(model.agents) == 1
    model.step()
    assert model.total("order", group="store") > 0.0


def test_a_mapping_leaves_the_other_brands_as_proposed():
    class Selective(Retailer):
        def choose_order(self):
            return {"R1": 0.0} if "R1" in self.brands else super().choose_order()

    plain, model = (
        ChannelModel(scenario("pxy", 3)),
        ChannelModel(scenario("pxy", 3), agent_classes={"retailer": Selective}),
    )
    plain.step()
    model.step()
    store = next(a for a in model.agents if a.role == "retailer" and "R1" in a.brands)
    same = plain.member(store.name)
    assert store.order["R1"] == 0.0 < same.order["R1"]
    assert [store.order[b] for b in store.brands if b != "R1"] == [
        same.order[b] for b in store.brands if b != "R1"
    ]


@given(st.lists(st.floats(0.0, 3.0), min_size=10, max_size=10))
def test_goods_and_money_balance_whatever_is_ordered(factors):
    class Erratic(Retailer):
        def choose_order(self):
            return factors[self.model.week] * super().choose_order()

    model = ChannelModel(CHANNEL, agent_classes={"store": Erratic})
    maker, store = model.member("maker"), model.member(STORE)
    goods, cash = store.stock + store.on_order + store.owed, store.cash + maker.cash
    ordered = sold = earned = spent = 0.0
    for _ in range(10):
        model.step()
        ordered, sold, earned = ordered + store.order, sold + store.sales, earned + store.revenue
        spent += maker.cost_of_goods + maker.operating_cost + store.operating_cost
    assert store.stock >= 0.0
    assert store.stock + store.on_order == pytest.approx(goods + ordered - sold, abs=1e-9)
    assert store.cash + maker.cash == pytest.approx(cash + earned - spent, abs=1e-7)


CHANNEL = build(scenario("bilateral", 10))


# What is refused


@pytest.mark.parametrize(
    ("method", "answer", "message"),
    [
        ("choose_order", float("nan"), "got nan: admissible: 0 or more"),
        ("choose_order", float("inf"), "got inf: admissible: 0 or more"),
        ("choose_order", -1.0, "got -1: admissible: 0 or more"),
        ("choose_order", None, "got None: expected a number"),
        ("choose_order", "many", "got 'many': expected a number"),
        ("choose_order", [1.0, 2.0], "got [1.0, 2.0]: expected a number"),
        ("choose_order", {"B": 1.0}, "got {'B': 1.0}: admissible: A"),
        ("choose_price", float("nan"), "got nan: admissible: 0 or more"),
        ("choose_price", -3.0, "got -3: admissible: 0 or more"),
        ("choose_payment", 1e9, "got 1e+09: admissible: up to payment_due = 0"),
        ("choose_payment", float("nan"), "got nan: admissible: 0 or more"),
    ],
)
def test_an_inadmissible_answer_is_one_clear_line(method, answer, message):
    wrong = type("Wrong", (Retailer,), {method: lambda self: answer})
    model = ChannelModel(on_credit(), agent_classes={"store": wrong})
    with pytest.raises(SimulationError) as error:
        model.run()
    assert str(error.value) == f"week 0: Wrong.{method} of 'store market' {message}"
    assert model.running is False
    with pytest.raises(SimulationError, match="the model stopped in week 0; build a new one"):
        model.run()


def test_an_inadmissible_answer_names_the_brand():
    class Wrong(Retailer):
        def choose_order(self):
            return [float("nan") if b == "R2" else 0.0 for b in self.brands] if len(self.brands) > 1 else 0.0

    model = ChannelModel(scenario("pxy", 3), agent_classes={"retailer": Wrong})
    with pytest.raises(
        SimulationError, match=r"^week 0: Wrong\.choose_order of '.*' \(R2\) got nan: admissible: 0 or more$"
    ):
        model.step()


def test_one_number_for_several_brands_is_refused():
    wrong = type("Wrong", (Retailer,), {"choose_order": lambda self: 0.0})
    model = ChannelModel(scenario("pxy", 3), agent_classes={"retailer": wrong})
    with pytest.raises(SimulationError, match=r"got 0\.0: expected \d numbers \("):
        model.step()


def test_nothing_is_written_when_one_answer_is_wrong():
    class Wrong(Retailer):
        def choose_order(self):
            return float("nan") if self is self.model.agents[-1] else 12345.0

    model = ChannelModel(scenario("chain", 2), agent_classes={"stores": Wrong})
    with pytest.raises(SimulationError):
        model.step()
    assert model.state.holdings[c.ORDER].max() < 12345.0


@pytest.mark.parametrize(
    ("base", "name", "group", "method", "message"),
    [
        (
            Retailer,
            "chain",
            "stores",
            "choose_price",
            "a store, and a group of stores with pricing.rule best_response",
        ),
        (Retailer, "bilateral", "store", "choose_service", "a segment with service_weight above 0"),
        (Retailer, "bilateral", "store", "choose_payment", "credit = true"),
        (Manufacturer, "bilateral", "maker", "choose_order", "a member that has suppliers"),
        (Manufacturer, "bilateral", "maker", "choose_price", "a store, and"),
    ],
)
def test_a_decision_that_the_week_never_asks_for_is_refused(base, name, group, method, message):
    deaf = type("Deaf", (base,), {method: lambda self: 0.0})
    with pytest.raises(ScenarioError) as error:
        ChannelModel(name, agent_classes={group: deaf})
    assert f"Deaf.{method} would never be called for " in str(error.value)
    assert message in str(error.value)


def test_the_batch_engine_refuses_a_model():
    model = ChannelModel("bilateral", agent_classes={"store": type("Mine", (Retailer,), {})})
    with pytest.raises(ScenarioError, match="ChannelModel") as error:
        simulate(model, replications=1, progress=False)
    assert "\n" not in str(error.value)


# The page


def code_of(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def test_the_code_of_the_page_runs(capsys):
    blocks = code_of(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 5
    (cautious,) = re.findall(
        r"^class CautiousRetailer.*?(?=^\S(?!lass))", blocks[0], flags=re.DOTALL | re.MULTILINE
    )
    assert len(cautious.strip().splitlines()) <= 10
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    held, filled, earned = ([float(word) for word in line.split()[1:]] for line in printed[1:4])
    assert held[1] < 0.8 * held[0]
    assert filled[1] < filled[0]
    assert earned[1] < earned[0]
    calm, calmer = map(float, printed[4].split())
    assert calmer < calm
    assert printed[5].startswith("0.0 ")  # the defector orders none of R1
    assert "('low', 0, 25.0" in printed[-1] or "('low', 0, 24.99" in printed[-1]
    gc.collect()
