"""Small worlds in which contracts grant and ask more than a unit price, for tests."""

from hypothesis import strategies as st

from channelsim.agreement_consistency import cannot_feel
from channelsim.decisions import Policy
from channelsim.scenario import Scenario
from small_worlds import numbers, scenarios


def pair(brands=("A",), stores=1, **changes):
    """Return one territory of 100 buyers, a maker for each brand, and stores that sell at 10.

    Each maker sells at 6 what costs it 2. Utility is 1.8 − 0.5·price + 0.4·service: at an effort of 8 and
    with one brand half of the buyers buy, and a marginal effort wins 0.4·100·½·½ = 10 of them.
    """
    data = {
        "scenario_format": 1,
        "name": "pair",
        "weeks": 8,
        "review_weeks": 1,
        "territories": [{"name": "town", "buyers": 100.0}],
        "segments": [
            {"name": "all", "price_sensitivity": 0.5, "service_weight": 0.4, "equity": 1.8},
        ],
        "brands": [{"name": b, "owner": f"maker {b}", "production_cost": 2.0} for b in brands],
        "members": [
            *(
                {"name": f"maker {b}", "role": "manufacturer", "count": 1, "owner": f"maker {b}"}
                for b in brands
            ),
            {
                "name": "stores",
                "role": "retailer",
                "per_territory": stores,
                "suppliers": [f"maker {b}" for b in brands],
                "service_cost": 20.0,
                "holding_rate": 0.0,
                "opening_service": 8.0,
                "pricing": {"rule": "fixed", "opening": 10.0, "adjustment": 1.0},
                "ordering": {"forecast": "known_mean", "safety_factor": 0.0},
            },
        ],
        "contracts": [{"supplier": f"maker {b}", "buyer": "stores", "wholesale_price": 6.0} for b in brands],
    }
    scenario = Scenario.parse(data)
    return scenario.replace(**changes) if changes else scenario


def everything(weeks=10, **changes):
    """Return two makers, distributors of one, stores of both in two territories, with every instrument on."""
    data = {
        "scenario_format": 1,
        "name": "everything",
        "weeks": weeks,
        "warm_up_weeks": 2,
        "review_weeks": 2,
        "cost_of_capital": 0.002,
        "credit": True,
        "maximum_credit_weeks": 6,
        "training_scale": 40.0,
        "power": {"measured": True},
        "relations": {"active": True},
        "demand": {"system": "logit", "noise": "poisson", "service_spillover": 0.3},
        "territories": [
            {"name": "north", "buyers": 90.0, "zones": 2, "territory_class": "large"},
            {"name": "south", "buyers": 40.0, "territory_class": "small"},
        ],
        "segments": [
            {
                "name": "all",
                "price_sensitivity": 0.4,
                "travel_cost": 0.1,
                "service_weight": 0.5,
                "equity": {"A": 3.0, "B": 2.5},
            }
        ],
        "brands": [
            {"name": "A", "owner": "Acme", "production_cost": 2.0},
            {"name": "B", "owner": "Bolt", "production_cost": 2.0},
        ],
        "members": [
            {"name": "Acme", "role": "manufacturer", "count": 1, "owner": "Acme"},
            {"name": "Bolt", "role": "manufacturer", "count": 1, "owner": "Bolt"},
            {"name": "wholesale", "role": "distributor", "per_territory": 1, "suppliers": ["Acme"]},
            {
                "name": "shops",
                "role": "retailer",
                "per_territory": 3,
                "suppliers": ["wholesale", "Bolt"],
                "service_cost": 10.0,
                "loyalty": {"distribution": "normal", "mean": 0.0, "deviation": 0.5},
                "reservation_profit": 20.0,
                "pays_from_cash": True,
                "capital": 200.0,
                "pricing": {"rule": "best_response", "adjustment": 0.5, "markup": 1.6},
                "ordering": {"safety": "critical_fractile"},
            },
        ],
        "contracts": [
            {
                "supplier": "Acme",
                "buyer": "wholesale",
                "wholesale_price": 4.0,
                "franchise_fee": 15.0,
                "credit_weeks": 2,
            },
            {
                "supplier": "wholesale",
                "buyer": "shops",
                "wholesale_price": 5.0,
                "lead_time": 1,
                "credit_weeks": 3,
                "cooperative_share": 0.4,
                "training": 20.0,
                "exclusive": True,
                "compensation": 25.0,
                "principal": "maker",
            },
            {"supplier": "Bolt", "buyer": "shops", "wholesale_price": 5.0, "franchise_fee": 4.0},
        ],
    }
    scenario = Scenario.parse(data)
    return scenario.replace(**changes) if changes else scenario


POLICY = Policy(
    name="by class",
    terms=[
        {"supplier": "wholesale", "territory": "large", "cooperative_share": 0.7, "credit_weeks": 6},
        {"buyer": "shops", "brand": "B", "territory": "south", "franchise_fee": 9.0, "training": 5.0},
    ],
)
"""A policy for `everything`."""


@st.composite
def supported(draw):
    """Return a small scenario whose contracts have all that each can feel beside the unit price."""
    scenario = draw(scenarios())
    plain = scenario.to_dict() | {"training_scale": draw(numbers(1.0, 60.0))}
    if scenario.credit:
        plain["maximum_credit_weeks"] = draw(st.integers(3, 5))
    amounts = {
        "cooperative_share": numbers(0.05, 0.95),
        "training": numbers(0.5, 80.0),
        "franchise_fee": numbers(0.5, 30.0),
        "compensation": numbers(0.5, 60.0),
    }
    for contract, terms in zip(scenario.contracts, plain["contracts"], strict=True):
        for name, values in amounts.items():
            if not cannot_feel(name, contract, scenario):
                terms[name] = draw(values)
        if "compensation" in terms:
            terms["exclusive"] = True
        terms["principal"] = draw(st.sampled_from(["supplier", "maker"]))
    return Scenario.parse(plain)
