"""Dependence is what it says: a relationship is ended, the channel simulated to rest, the loss compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelsim import Policy, Scenario, simulate
from small_worlds import numbers

BRANDS = ("A", "B", "C")


@st.composite
def demand_systems(draw):
    system = draw(st.sampled_from(["logit", "logit", "linear", "given"]))
    if system == "linear":
        cross = draw(numbers(0.01, 0.05))
        return {
            "system": system,
            "intercept": 80.0,
            "own_slope": 2.0,
            "cross_brand_slope": 2 * cross,
            "cross_store_slope": cross,
            "cross_slope": cross / 2,
        }
    if system == "given":
        return {"system": system, "mean": draw(numbers(1.0, 20.0))}
    return {"system": system, "service_spillover": 0.0}


@st.composite
def channels(draw):
    """Return a channel of two to four tiers with a chain, alternates, prices and efforts held."""
    demand = draw(demand_systems())
    tiers = draw(st.integers(2, 4))
    brands = BRANDS[: draw(st.integers(2, 3))]
    makers = [
        {"name": f"maker of {b}", "role": "manufacturer", "count": 1, "owner": f"firm {b}", "brands": [b]}
        for b in brands
    ]
    names = [m["name"] for m in makers]
    members = [*makers]
    sources, alternates = names, 0
    if tiers == 4:  # national agents between the makers and the wholesalers, the second a way round
        members.append(
            {"name": "agents", "role": "agent", "count": draw(st.integers(1, 2)), "suppliers": names}
        )
        sources = ["agents"]
    if tiers >= 3:
        members.append(
            {
                "name": "wholesale",
                "role": "distributor",
                "per_territory": draw(st.integers(1, 2)),
                "suppliers": sources,
                "alternates": draw(st.integers(0, 1)) if tiers == 4 else 0,
            }
        )
        sources, alternates = ["wholesale"], draw(st.integers(0, 1))
    store = {
        "role": "retailer",
        "handling_cost": draw(numbers(0.0, 2.0)),
        "pricing": {
            "rule": "fixed",
            "adjustment": 0.0,
            "opening": {b: draw(numbers(22.0, 30.0)) for b in brands},
        },
        "ordering": {"forecast": "known_mean", "safety_factor": 0.0},
        "opening_service": draw(numbers(0.0, 1.0)),
        "holding_rate": 0.0,
        "service_cost": 1e-9,
    }
    members.append(
        store
        | {
            "name": "shops",
            "per_territory": draw(st.integers(1, 3)),
            "suppliers": sources,
            "alternates": alternates,
            "loyalty": {"distribution": "normal", "deviation": 0.3},
        }
    )
    # a chain buys from the makers, or where they are out of reach from a wholesaler
    members.append(
        store
        | {
            "name": "chain",
            "per_territory": draw(st.integers(1, 2)),
            "owner": "chain",
            "suppliers": [*names, *(sources if tiers > 2 else [])],
        }
    )
    for group in members:
        if "pricing" not in group:
            group |= {"ordering": {"safety_factor": 0.0}, "holding_rate": 0.0, "handling_cost": 0.5}
    contracts = [
        {
            "supplier": s,
            "buyer": g["name"],
            "wholesale_price": {"agents": 13.0, "wholesale": 16.0}.get(s, 9.0) + draw(numbers(0.0, 3.0)),
        }
        for g in members
        for s in g.get("suppliers", [])
    ]
    return Scenario(
        scenario_format=1,
        name="random",
        weeks=8,
        review_weeks=7,
        power={"measured": True},
        demand=demand,
        territories=[
            {"name": "north", "buyers": 100.0, "zones": draw(st.integers(1, 3))},
            {"name": "south", "buyers": draw(numbers(30.0, 200.0))},
        ],
        segments=[
            {
                "name": "loyal",
                "share": 0.4,
                "price_sensitivity": 0.15,
                "travel_cost": 0.1,
                "equity": dict(zip(brands, (4.0, 3.0, 2.0))),
                "variety_weight": draw(st.sampled_from([0.0, 0.3])) if demand["system"] == "logit" else 0.0,
                "service_weight": 0.2 if demand["system"] == "logit" else 0.0,
            },
            {"name": "others", "share": 0.6, "price_sensitivity": 0.2, "equity": 4.0},
        ],
        brands=[{"name": b, "owner": f"firm {b}", "production_cost": 5.0} for b in brands],
        members=members,
        contracts=contracts,
    )


def owners_profits(scenario, policies):
    """Return the profit of every firm in the last week, money, by policy."""
    result = simulate(
        scenario, policies, replications=1, record=["profit by member"], workers=1, progress=False
    )
    series = result.trajectories["profit_by_member"].isel(replication=0, week=-1)
    firms = {g.name: g.owner for g in scenario.members}
    owner = [
        next((o for g, o in firms.items() if o and str(m).startswith(g)), str(m))
        for m in series["member"].values
    ]
    found = {}
    for policy in result.policies:
        found[policy] = {}
        for name, value in zip(owner, series.sel(policy=policy).values):
            found[policy][name] = found[policy].get(name, 0.0) + float(value)
    return found


def relationship_rows(scenario):
    result = simulate(scenario, replications=1, workers=1, progress=False)
    last = result.relationships.isel(policy=0, replication=0, review_week=-1)
    return [
        {"supplier": str(s), "buyer": str(b)} | {k: float(v.values[i]) for k, v in last.data_vars.items()}
        for i, (s, b) in enumerate(zip(last["supplier"].values, last["buyer"].values))
    ]


def check(scenario):
    rows = [row for row in relationship_rows(scenario) if np.isfinite(row["value_of_supplier"])]
    ends = [
        Policy(name=f"end {k}", ended=[{"supplier": row["supplier"], "buyer": row["buyer"]}])
        for k, row in enumerate(rows)
    ]
    profits = owners_profits(scenario, [Policy(name="as it stands"), *ends])
    for k, row in enumerate(rows):
        for side in ("supplier", "buyer"):
            firm = row[side]
            before, after = profits["as it stands"].get(firm, 0.0), profits[f"end {k}"].get(firm, 0.0)
            value = abs(row[f"value_of_{side}"])
            assert row[f"gain_of_{side}"] == pytest.approx(before - after, abs=1e-3 * value + 1e-6), (
                side,
                row,
            )


@given(channels())
def test_the_gain_is_what_a_channel_without_the_relationship_loses(scenario):
    check(scenario)
