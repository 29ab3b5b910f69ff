"""All incentives at once: batch engine, Mesa model and plain Python agree, bit for bit."""

import hashlib
import sys

import numpy as np
import pytest

from channelsim import columns as c
from channelsim.decisions import BASE
from channelsim.engines.batch import run_batch
from channelsim.engines.mesa_model import ChannelModel
from channelsim.metrics import METRICS
from channelsim.scenario import Scenario
from channelsim.totals import evaluate
from channelsim.world import build
from compiled_code import compares_with_plain_python, output_without_jit

SCHEDULE = [(0.8, 0.02), (1.3, 0.05), (2.0, 0.08)]
TARGET = [(0.9, 0.01), (1.0, 0.03), (1.1, 0.05)]


def everything(mode: str = "all_unit") -> Scenario:
    """Return three tiers, two brands, a chain that buys for seasons; every incentive wherever it fits."""
    rebate_mode = "retroactive" if mode == "all_unit" else "incremental"
    incentives = {
        "quantity_discount": {
            "measure": "plan",
            "mode": mode,
            "steps": [{"threshold": t, "discount": d} for t, d in SCHEDULE],
        },
        "target_rebate": {
            "measure": "plan",
            "mode": rebate_mode,
            "weeks": 5,
            "reliability": 0.9,
            "steps": [{"threshold": t, "rebate": r} for t, r in TARGET],
        },
        "growth_bonus": {"growth": 0.05, "bonus": 0.02, "weeks": 5, "basis": "sell_through"},
        "buyback": {"credit": 0.5, "cap": 0.3, "salvage": "supplier"},
    }
    shared = {"revenue_share": {"share": 0.1}}
    member = {"obsolescence": 0.01, "capital": 1000.0}
    rule = {"rule": "best_response", "opening": 14.0}
    covering = {"safety": "critical_fractile"}
    seasonal = {"rule": "newsvendor", "safety": "critical_fractile", "salvage": 0.2}
    contracts = [("maker", "wholesale", 5.0), ("wholesale", "shops", 6.0), ("maker", "chain", 5.5)]
    return Scenario.parse(
        {
            "scenario_format": 1,
            "name": "everything",
            "weeks": 22,
            "warm_up_weeks": 2,
            "season_weeks": 4,
            "review_weeks": 6,
            "cost_of_capital": 0.001,
            "credit": True,
            "power": {"measured": True},
            "relations": {"active": True},
            "demand": {"system": "logit", "noise": "poisson"},
            "territories": [{"name": "here", "buyers": 80.0, "zones": 2}],
            "segments": [
                {
                    "name": "all",
                    "price_sensitivity": 0.25,
                    "equity": {"A": 3.0, "B": 2.5},
                    "service_weight": 0.3,
                }
            ],
            "brands": [{"name": b, "owner": "M", "production_cost": 2.0} for b in "AB"],
            "members": [
                {"name": "maker", "role": "manufacturer", "owner": "M", "count": 1},
                {
                    "name": "wholesale",
                    "role": "distributor",
                    "count": 1,
                    "suppliers": ["maker"],
                    "ordering": covering,
                    **member,
                },
                {
                    "name": "shops",
                    "role": "retailer",
                    "per_territory": 2,
                    "suppliers": ["wholesale"],
                    "pricing": rule,
                    "ordering": covering,
                    **member,
                },
                {
                    "name": "chain",
                    "role": "retailer",
                    "owner": "Big",
                    "per_territory": 2,
                    "suppliers": ["maker"],
                    "pricing": rule,
                    "ordering": seasonal,
                    **member,
                },
            ],
            "contracts": [
                {"supplier": s, "buyer": b, "wholesale_price": w, "lead_time": 1, "credit_weeks": 1}
                | incentives
                | (shared if b != "wholesale" else {})
                for s, b, w in contracts
            ],
        }
    )


def model_of(mode: str) -> ChannelModel:
    model = ChannelModel(everything(mode), seed=4, replication=1)
    model.run()
    return model


@pytest.mark.parametrize("mode", ["all_unit", "incremental"])
def test_mesa_equals_batch(mode):
    model = model_of(mode)
    batch = run_batch(build(everything(mode)), [BASE], 2, 4, record=["rebate by group"], workers=1)
    for key, values in batch.values.items():
        assert np.array_equal(model.totals().values[key][:, 0], values[:, 1]), key
    flows = model.state.incentives
    assert flows.shape[1] > 0
    paid = [name for name, m in METRICS.items() if m.table == "incentives_of_suppliers"]
    for name in paid:
        assert evaluate(METRICS[name], batch, "overall")[0, 1, 0] != 0.0, name
        received = evaluate(METRICS[name.replace("_paid", "_received")], batch, "overall")
        if name != "shared_revenue_received":
            np.testing.assert_allclose(evaluate(METRICS[name], batch, "overall"), received)
    by_week = batch.trajectories["rebate_by_group"].values[0, 1]
    recorded = by_week[-batch.weeks :].sum(axis=0) / batch.weeks
    np.testing.assert_allclose(evaluate(METRICS["target_rebates_received"], batch, "group")[0, 1], recorded)
    assert model.total("rebate", group="shops") == by_week[-1, batch.labels["group"].index("shops")]
    learnt = model.state.relationships[c.CREDIBILITY_OF_SUPPLIER]
    assert len(np.unique(learnt)) > 1


def sample() -> bytes:
    """Return a digest of the final states."""
    found = [
        hashlib.sha256(model_of(mode).state.flat.tobytes()).hexdigest()
        for mode in ("all_unit", "incremental")
    ]
    return " ".join(found).encode()


@compares_with_plain_python
def test_plain_python_gives_the_same_bits():
    assert output_without_jit(__file__) == sample()


if __name__ == "__main__":
    sys.stdout.buffer.write(sample())
