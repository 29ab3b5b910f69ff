"""A maker, a distributor and shops whose relations can be set at will, for tests."""

from channelsim.kernels import perform_steps
from channelsim.scenario import Scenario
from channelsim.schema import column, position
from channelsim.state_layout import new_state, state_views
from channelsim.world import build


def attempt(sender="maker", receiver="middle", behaviour="stock", wanted=6.0, strategies=None, **more):
    """Return an attempt at influence as data."""
    return {
        "name": f"{behaviour} of {receiver}",
        "sender": sender,
        "receiver": receiver,
        "behaviour": behaviour,
        "wanted": wanted,
        "strategies": strategies or {"request": 1.0},
    } | more


def related(attempts=(), **changes) -> Scenario:
    """Return a maker, a distributor and two shops, logit demand without noise, relations active."""
    data = {
        "scenario_format": 1,
        "name": "related",
        "weeks": 30,
        "review_weeks": 4,
        "cost_of_capital": 0.002,
        "credit": True,
        "power": {"measured": True, "switching_cost": 1.0},
        "relations": {"active": True},
        "territories": [{"name": "town", "buyers": 400.0, "zones": 3}],
        "segments": [
            {"name": "keen", "share": 0.5, "price_sensitivity": 0.10, "equity": 4.0, "service_weight": 0.3},
            {"name": "loyal", "share": 0.5, "price_sensitivity": 0.05, "equity": 4.0, "travel_cost": 0.1},
        ],
        "brands": [{"name": "A", "owner": "maker", "production_cost": 20.0}],
        "members": [
            {"name": "maker", "role": "manufacturer", "count": 1, "owner": "maker"},
            {"name": "middle", "role": "distributor", "count": 1, "suppliers": ["maker"], "capital": 5000.0},
            {
                "name": "shops",
                "role": "retailer",
                "per_territory": 2,
                "suppliers": ["middle"],
                "capital": 2000.0,
                "pays_from_cash": True,
                "service_cost": 400.0,
                "pricing": {"rule": "best_response", "adjustment": 1.0},
            },
        ],
        "contracts": [
            {"supplier": "maker", "buyer": "middle", "wholesale_price": 30.0, "credit_weeks": 2},
            {"supplier": "middle", "buyer": "shops", "wholesale_price": 38.0, "credit_weeks": 2},
        ],
    }
    return Scenario.parse(data).replace(**changes, influence=list(attempts))


class Opened:
    """A built channel whose opening state can be set column by column before a step is performed."""

    def __init__(self, scenario: Scenario) -> None:
        self.channel, self.terms = build(scenario).under()
        self.base = state_views(self.terms.base, self.channel.sizes)
        self.state = new_state(self.channel.sizes)

    def set(self, **columns) -> None:
        """Write columns of the state from which steps start."""
        for name, value in columns.items():
            getattr(self.base, column(name).table)[position(name)] = value

    def perform(self, *codes):
        """Perform steps on the opening state, and return the state."""
        self.state.flat[:] = self.terms.base
        perform_steps(list(codes), self.channel.world, self.terms, self.state)
        return self.state

    def get(self, name):
        """Return a column of the state."""
        return getattr(self.state, column(name).table)[position(name)]

    def row(self, supplier: str, buyer: str) -> int:
        """Return the first relationship between members of two groups."""
        groups = [g.name for g in self.channel.scenario.members]
        index, group = self.channel.world.links_index, self.channel.members.group
        for k in range(index.shape[1]):
            pair = [groups[group[index[position(f"{side}_member"), k]]] for side in ("supplier", "buyer")]
            if pair == [supplier, buyer]:
                return int(index[position("relationship"), k])
        raise KeyError((supplier, buyer))
