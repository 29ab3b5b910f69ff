"""Random small scenarios that use every rule, and a way to run them week by week."""

import numpy as np
from hypothesis import strategies as st

from channelsim.codes import STORE_PRICE_RULES
from channelsim.compaction import sized
from channelsim.decisions import Policy
from channelsim.engines.driver import Driver
from channelsim.engines.groupings import Groupings
from channelsim.engines.workspace import Recording, Workspace
from channelsim.errors import ScenarioError
from channelsim.scenario import Scenario
from channelsim.world import build

STEADY_ORDERS = ("order_up_to", "reorder_point", "base_stock", "anchoring", "pass_through")
SEASONAL_ORDERS = ("newsvendor",)
AIMING_ORDERS = ("order_up_to", "reorder_point", "base_stock")


def numbers(low, high):
    """Return a strategy of floats without awkward ones."""
    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda x: round(x, 6))


@st.composite
def orderings(draw, rules, is_store):
    forecasts = ["exponential_smoothing", "moving_average", "known_mean" if is_store else "shared"]
    low = draw(numbers(0.0, 30.0))
    return {
        "rule": draw(st.sampled_from(rules)),
        "forecast": draw(st.sampled_from(forecasts)),
        "safety": draw(st.sampled_from(["given", "critical_fractile"])),
        "safety_factor": draw(numbers(-1.0, 3.0)),
        "smoothing": draw(numbers(0.0, 1.0)),
        "window": draw(st.integers(1, 5)),
        "goodwill": draw(numbers(0.0, 5.0)),
        "salvage": draw(numbers(0.0, 1.0)),
        "reorder_point": low,
        "base_stock": low + draw(numbers(0.0, 30.0)),
        "anchor": draw(numbers(0.0, 40.0)),
        "opening_pipeline": draw(st.sampled_from([0.0, 3.0])),
    }


@st.composite
def pricings(draw, demand_system, brands):
    rules = STORE_PRICE_RULES if demand_system != "given" else ("fixed", "markup", "margin", "suggested")
    rule = draw(st.sampled_from(rules))
    pricing = {"rule": rule, "markup": draw(numbers(1.0, 2.5)), "adjustment": draw(numbers(0.1, 1.0))}
    if rule == "margin":
        pricing["margin"] = {brand: draw(numbers(0.0, 9.0)) for brand in brands}
    if rule in ("suggested", "minimum", "maximum"):
        pricing["bound"] = {brand: draw(numbers(6.0, 30.0)) for brand in brands}
    return pricing


@st.composite
def demands(draw):
    system = draw(st.sampled_from(["logit", "linear", "given"]))
    noise = draw(st.sampled_from(["none", "poisson", "normal", "gamma"]))
    backlogged = draw(st.booleans())
    demand = {
        "system": system,
        "noise": noise,
        "variation": draw(numbers(0.1, 0.8)),
        "unmet": "backlogged" if backlogged else "lost",
        "substitution": 0.0 if backlogged else draw(st.sampled_from([0.0, 0.5, 1.0])),
        "shock_deviation": draw(st.sampled_from([0.0, 0.2])),
        "shock_persistence": 0.6,
    }
    if system == "logit":
        demand["service_spillover"] = draw(st.sampled_from([0.0, 0.4]))
    if system == "linear":
        cross = draw(st.sampled_from([0.0, 0.02]))
        demand |= {"intercept": 30.0, "own_slope": 1.0}
        demand |= {"cross_brand_slope": 2 * cross, "cross_store_slope": cross, "cross_slope": cross / 2}
    if system == "given":
        traced = draw(st.booleans())
        demand |= {"trace": [5.0, 0.0, 9.0, 4.0]} if traced else {"mean": draw(numbers(0.0, 12.0))}
    return demand


@st.composite
def events(draw, weeks, system):
    kinds = {
        "market_index": (0.0, 3.0),
        "capacity": (0.0, 1e-13),
        "wholesale_price": (0.5, 1.5),
    }
    if system == "logit":
        kinds["attractiveness"] = (-1.0, 1.0)
    name = draw(st.sampled_from(sorted(kinds)))
    return {
        "week": draw(st.integers(0, weeks - 1)),
        "duration": draw(st.integers(1, 4)),
        "column": name,
        "operation": "add" if name == "attractiveness" else "multiply",
        "value": draw(numbers(*kinds[name])) if name != "capacity" else draw(st.sampled_from([0.0, 1e-14])),
    }


@st.composite
def incentives(draw, weeks, store, unsold):
    """Return the incentives of a contract, each there or not."""

    def steps(name):
        levels = [round(0.04 * (k + 1) + draw(numbers(0.0, 0.03)), 6) for k in range(draw(st.integers(1, 4)))]
        return [{"threshold": scale * 0.7 * (k + 1), name: level} for k, level in enumerate(levels)]

    measure = draw(st.sampled_from(["units", "plan"]))
    scale, basis = (1.0 if measure == "plan" else 9.0), st.sampled_from(["sell_in", "sell_through"])
    mode = draw(st.sampled_from(["all_unit", "incremental"]))
    found = {"quantity_discount": {"measure": measure, "mode": mode, "steps": steps("discount")}}
    scale, period = (1.0 if measure == "plan" else 30.0), st.integers(1, min(5, weeks))
    mode = draw(st.sampled_from(["retroactive", "incremental"]))
    found["target_rebate"] = {"measure": measure, "mode": mode, "weeks": draw(period), "basis": draw(basis)}
    found["target_rebate"]["steps"] = steps("rebate")
    found["growth_bonus"] = {"growth": draw(numbers(-0.2, 0.2)), "bonus": 0.1, "weeks": draw(period)}
    found["growth_bonus"]["basis"] = draw(basis)
    if unsold:
        salvage = draw(st.sampled_from(["supplier", "buyer"]))
        found["buyback"] = {
            "credit": draw(numbers(0.1, 0.9)),
            "cap": draw(numbers(0.0, 1.0)),
            "salvage": salvage,
        }
    if store:
        salvage = draw(st.sampled_from(["shared", "kept"]))
        found["revenue_share"] = {"share": draw(numbers(0.05, 0.6)), "salvage": salvage}
    return {name: value for name, value in found.items() if draw(st.booleans())}


@st.composite
def scenarios(draw, orders=STEADY_ORDERS):
    """Return a small scenario: two to four tiers, one or two territories, one or two brands."""
    weeks = draw(st.integers(6, 14))
    demand = draw(demands())
    brands = ["A", "B"][: draw(st.integers(1, 2))]
    credit = draw(st.booleans())
    structure = draw(st.sampled_from(["short", "long", "mixed", "four"]))
    upper = [
        {"name": "maker", "role": "manufacturer", "count": 1, "capacity": draw(st.sampled_from([1e15, 25.0]))}
    ]
    if structure == "four":
        upper[0] |= {"name": "plant", "role": "plant"}
        upper.append({"name": "maker", "role": "manufacturer", "count": 1, "suppliers": ["plant"]})
    if structure != "short":
        upper.append(
            {
                "name": "wholesale",
                "role": "distributor",
                "per_territory": draw(st.sampled_from([1, 2])),
                "maximum_scale": draw(st.sampled_from([1.0, 2.0])),
                "suppliers": ["maker"],
                "servicing_cost": 1.0,
            }
        )
    shops = {
        "name": "shops",
        "role": "retailer",
        "per_territory": draw(st.integers(1, 3)),
        "maximum_scale": 2.0,
        "suppliers": [upper[-1]["name"]],
        "alternates": draw(st.integers(0, 1)),
        "handling_cost": draw(numbers(0.0, 1.0)),
        "fixed_cost": draw(numbers(0.0, 5.0)),
        "servicing_cost": 0.5,
        "listing_limit": draw(st.sampled_from([None, 1])) if demand["system"] == "logit" else None,
        "listing_fee": draw(st.sampled_from([0.0, 2.0])) if demand["system"] == "logit" else 0.0,
        "obsolescence": 0.01,
        "opening_service": draw(st.sampled_from([0.0, 0.5])),
        "capital": {"distribution": "uniform", "mean": 300.0, "deviation": 300.0},
        "pays_from_cash": credit and draw(st.booleans()),
        "pricing": draw(pricings(demand["system"], brands)),
        "ordering": draw(orderings(orders, True)),
    }
    stores = [shops]
    if structure == "mixed":
        chain = {
            "name": "chain",
            "role": "integrator",
            "per_territory": 1,
            "suppliers": ["wholesale", "maker"],
        }
        pricing, ordering = draw(pricings(demand["system"], brands)), draw(orderings(orders, True))
        stores.append(chain | {"owner": "Big", "pricing": pricing, "ordering": ordering})
    by_rule = draw(st.booleans())
    for group in upper:
        if group.get("suppliers"):
            group["ordering"] = draw(orderings(orders, False))
            group["pays_from_cash"] = credit and draw(st.booleans())
        if by_rule:
            group["pricing"] = {"rule": "markup", "markup": draw(numbers(1.0, 1.6))}
    contracts = [
        {
            "supplier": supplier,
            "buyer": group["name"],
            "wholesale_price": None if by_rule else draw(numbers(3.0, 12.0)),
            "lead_time": draw(st.integers(0, 3)),
            "order_delay": draw(st.sampled_from([0, 0, 1, 3])),
            "credit_weeks": draw(st.integers(0, 3)) if credit else 0,
            "minimum_order": draw(st.sampled_from([0.0, 4.0])),
            "case_size": draw(st.sampled_from([0.0, 6.0])),
        }
        for group in (*upper, *stores)
        for supplier in group.get("suppliers", ())
    ]
    if draw(st.booleans()):
        for contract, group in zip(contracts, [g for g in (*upper, *stores) for _ in g.get("suppliers", ())]):
            seasonal = group["ordering"]["rule"] == "newsvendor"
            unsold = seasonal or group.get("obsolescence", 0.0) > 0
            contract |= draw(incentives(weeks, group in stores, unsold))
    happenings = draw(st.lists(events(weeks, demand["system"]), max_size=3))
    return Scenario.parse(
        {
            "scenario_format": 1,
            "name": "small",
            "weeks": weeks,
            "price_review_weeks": draw(st.sampled_from([1, 3])),
            "season_weeks": draw(st.integers(1, 5)),
            "cost_of_capital": draw(st.sampled_from([0.0, 0.002])),
            "credit": credit,
            "demand": demand,
            "territories": [
                {
                    "name": "north",
                    "buyers": 60.0,
                    "zones": 3,
                    "season_amplitude": draw(st.sampled_from([0.0, 0.5])),
                },
                {"name": "south", "buyers": 30.0, "growth": 0.5, "centre_x": 50.0},
            ][: draw(st.integers(1, 2))],
            "segments": [
                {
                    "name": "keen",
                    "share": 0.5,
                    "price_sensitivity": 0.4,
                    "equity": {"A": 3.0},
                    "travel_cost": 0.1,
                },
                {
                    "name": "loyal",
                    "share": 0.5,
                    "price_sensitivity": 0.1,
                    "equity": 1.0,
                    "service_weight": 0.5 if demand["system"] == "logit" else 0.0,
                },
            ],
            "brands": [{"name": brand, "production_cost": 2.0 + i} for i, brand in enumerate(brands)],
            "members": [*upper, *stores],
            "contracts": contracts,
            "events": [e for e in happenings if not (by_rule and e["column"] == "wholesale_price")],
        }
    )


@st.composite
def diverting(draw, scenario):
    """Return a scenario in which members may divert, if it has any who can; else as it is."""
    data = scenario.to_dict()
    data["diversion"] = {
        "active": True,
        "transport_cost": draw(numbers(0.0, 0.02)),
        "nearest": draw(st.integers(1, 3)),
        "acceptance": draw(numbers(0.1, 1.0)),
        "buyer_share": draw(numbers(0.0, 1.0)),
        "deliberate": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "home_margin": draw(st.sampled_from([0.0, 1.0])),
        "fine": draw(numbers(0.0, 5.0)),
        "found_unmonitored": draw(numbers(0.0, 1.0)),
        "monitoring": draw(numbers(0.0, 3.0)),
        "monitoring_scale": 3.0,
        "serial_tracking": draw(numbers(0.0, 1.0)),
        "tracking_cost": draw(numbers(0.0, 0.2)),
    }
    try:
        changed = Scenario.parse(data)
        build(changed)
    except ScenarioError:
        return scenario  # nobody there belongs to a territory and sells to stores of another
    return changed


@st.composite
def policies(draw):
    """Return a policy that closes or opens shops."""
    return Policy(density={"shops": {"scale": draw(st.sampled_from([0.5, 1.0, 2.0]))}})


class Run:
    """One replication of one policy, taken step by step, on all rows or on the active ones alone."""

    def __init__(self, scenario, policy=None, replication=0, seed=1, *, active_only=False):
        channel = build(scenario)
        if active_only:
            self.channel, self.terms = channel.under(policy)
        else:
            self.terms = channel.apply(policy)
            self.channel = sized(channel, self.terms)
        recording = Recording.of((), (), self.channel)
        space = Workspace(self.channel, recording, Groupings.of(self.channel), 1)
        self.driver = Driver(self.channel, self.terms, space, seed, replication, np.zeros(2, dtype=np.int64))
        self.state, self.week = space.state, 0

    @property
    def world(self):
        return self.channel.world

    def steps(self):
        """Take the steps of the next week one by one; yield each after it is taken."""
        for place, planned in enumerate(self.driver.plan):
            self.driver.step(self.week, place)
            yield planned
        self.week += 1

    def take_week(self):
        """Take the next week as a whole."""
        for _ in self.steps():
            pass

    def take_until(self, code, tier=None):
        """Take the steps of the next week up to and including one; the rest of the week is left undone."""
        for place, planned in enumerate(self.driver.plan):
            self.driver.step(self.week, place)
            if planned.code == code and tier in (None, planned.tier):
                return
        raise AssertionError(f"the week has no step {code}")
