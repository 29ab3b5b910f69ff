"""A small made-up market with all that reports show: places, two rival makers, distributors, a chain."""

from functools import lru_cache

from channelsim.scenario import Scenario
from channelsim.simulation import simulate
from channelsim.world import build

BASE, DEAR, DENSE = "base", "dear <b>&|*", "dense"
POLICIES = [
    {"name": BASE},
    {"name": DEAR, "terms": [{"supplier": "Acme", "wholesale_price_scale": 1.2}]},
    {"name": DENSE, "density": {"corner shops": {"scale": 1.5}}},
]
CITIES = {
    "North": (0.0, 300.0, 400.0),
    "South": (0.0, -300.0, 200.0),
    "East": (500.0, 0.0, 100.0),
    "West": (-500.0, 10.0, 50.0),
}


def small_market(**changes) -> Scenario:
    """Four cities, two brands, three tiers, twelve weeks."""
    plain = {
        "scenario_format": 1,
        "name": "small",
        "title": "A <small> market & its rivals",
        "description": "Made up for <tests>. See [nothing](here).",
        "focal": "Acme",
        "weeks": 12,
        "warm_up_weeks": 4,
        "demand": {"system": "logit", "noise": "poisson"},
        "territories": [
            {"name": name, "buyers": buyers, "centre_x": x, "centre_y": y}
            for name, (x, y, buyers) in CITIES.items()
        ],
        "segments": [
            {"name": "all", "price_sensitivity": 0.05, "travel_cost": 0.1, "equity": {"A": 4.0, "B": 3.5}}
        ],
        "brands": [
            {"name": "A", "owner": "Acme", "production_cost": 40.0},
            {"name": "B", "owner": "Bolt", "production_cost": 40.0},
        ],
        "members": [
            {"name": "Acme", "role": "manufacturer", "count": 1, "owner": "Acme"},
            {"name": "Bolt", "role": "manufacturer", "count": 1, "owner": "Bolt"},
            {"name": "Acme distributors", "role": "distributor", "per_territory": 1, "suppliers": ["Acme"]},
            {"name": "Bolt distributors", "role": "distributor", "per_territory": 1, "suppliers": ["Bolt"]},
            {
                "name": "corner shops",
                "role": "retailer",
                "per_territory": 2,
                "maximum_scale": 1.5,
                "suppliers": ["Acme distributors", "Bolt distributors"],
                "pricing": {"rule": "markup", "markup": 1.4},
            },
            {
                "name": "Mega",
                "role": "retailer",
                "per_territory": 1,
                "owner": "Mega",
                "suppliers": ["Acme", "Bolt"],
                "pricing": {"rule": "markup", "markup": 1.3},
            },
        ],
        "contracts": [
            {"supplier": s, "buyer": b, "wholesale_price": w}
            for s, b, w in (
                ("Acme", "Acme distributors", 60.0),
                ("Bolt", "Bolt distributors", 58.0),
                ("Acme distributors", "corner shops", 66.0),
                ("Bolt distributors", "corner shops", 64.0),
                ("Acme", "Mega", 62.0),
                ("Bolt", "Mega", 60.0),
            )
        ],
    }
    scenario = Scenario.parse(plain)
    return scenario.replace(**changes) if changes else scenario


@lru_cache
def small_channel():
    """Return the built market."""
    return build(small_market())


@lru_cache
def small_result():
    """Return a run of three policies × six replications."""
    return simulate(
        small_channel(), POLICIES, 6, record=("sales", "sales by brand"), workers=1, progress=False
    )
