"""Two territories at different prices, 100 km apart, in which a distributor can divert; for tests."""

from channelsim.scenario import Scenario

DETECTION = 0.5 * (0.4 + 0.6 * 0.5)
"""Found in half of the cases; half of the units bear a number, of the others 40 % are attributed."""


def two_places(**changes) -> Scenario:
    """Return east, where a unit costs stores 20, and west, where it costs 30; given demand, no noise."""
    data = {
        "scenario_format": 1,
        "name": "two places",
        "weeks": 60,
        "demand": {"system": "given", "mean": 10.0},
        "diversion": {
            "active": True,
            "transport_cost": 0.02,
            "acceptance": 0.4,
            "found_unmonitored": 0.5,
            "attributed_untracked": 0.4,
            "serial_tracking": 0.5,
            "fine": 10.0,
        },
        "territories": [{"name": "east"}, {"name": "west", "centre_x": 100.0}],
        "brands": [{"name": "A", "owner": "maker", "production_cost": 8.0}],
        "members": [
            {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
            *(
                {
                    "name": f"{where} distributor",
                    "role": "distributor",
                    "per_territory": 1,
                    "territories": [where],
                    "placement": "centre",
                    "suppliers": ["maker"],
                    "ordering": {"smoothing": 0.5},
                }
                for where in ("east", "west")
            ),
            *(
                {
                    "name": f"{where} store",
                    "role": "retailer",
                    "per_territory": 1,
                    "territories": [where],
                    "placement": "centre",
                    "suppliers": [f"{where} distributor"],
                    "pricing": {"rule": "markup", "markup": 1.5},
                }
                for where in ("east", "west")
            ),
        ],
        "contracts": [
            {"supplier": "maker", "buyer": "east distributor", "wholesale_price": 14.0, "lead_time": 1},
            {"supplier": "maker", "buyer": "west distributor", "wholesale_price": 24.0, "lead_time": 1},
            {"supplier": "east distributor", "buyer": "east store", "wholesale_price": 20.0},
            {"supplier": "west distributor", "buyer": "west store", "wholesale_price": 30.0},
        ],
    }
    return Scenario.parse(data).replace(**changes) if changes else Scenario.parse(data)


def with_relations(attempts=(), **changes) -> Scenario:
    """Return the two places with power measured, relations active, and attempts at influence."""
    related = {"power.measured": True, "relations.active": True, "review_weeks": 4}
    return two_places(**related | changes, influence=list(attempts))


def keep_to_territory(**more) -> dict:
    """Return an attempt of the maker to keep the eastern distributor to its territory, as data."""
    return {
        "name": "territory of east",
        "sender": "maker",
        "receiver": "east distributor",
        "behaviour": "territory",
        "wanted": 0.0,
        "strategies": {"request": 1.0},
    } | more
