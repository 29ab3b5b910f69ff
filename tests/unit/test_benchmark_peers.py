"""The benchmark peers do the same work: identical accounts, and statistics that agree."""

from __future__ import annotations

import sys
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

pytest.importorskip("mesa")

import chain_cpp
import chain_mesa
import chain_numpy
import chain_rules

D, K, WEEKS = 2, 5, 30

needs_compiler = pytest.mark.skipif(chain_cpp.executable() is None, reason="no C++ compiler")
PEERS = [
    pytest.param(chain_mesa.run, id="mesa"),
    pytest.param(chain_numpy.run, id="numpy"),
    pytest.param(chain_cpp.run, id="cpp", marks=needs_compiler),
]


def table(answer: dict[str, Any] | None) -> np.ndarray:
    """Totals as (replication, tier, measure)."""
    assert answer is not None
    return np.stack(
        [np.stack([answer["totals"][t][m] for m in chain_rules.MEASURES], 1) for t in chain_rules.TIERS], 1
    )


def reference(distributors: int, stores: int, weeks: int, draw: Any) -> np.ndarray:
    """One replication by the rules of benchmarks/README.md; draw(store, week) is standard normal."""
    accounts = {t: dict.fromkeys(chain_rules.MEASURES, 0.0) for t in chain_rules.TIERS}

    def book(
        tier: str,
        demand: float,
        sales: float,
        lost: float,
        stock: float,
        price: float,
        bill: float,
        holding: float,
        order: float,
    ) -> None:
        week = [
            demand,
            sales,
            lost,
            stock,
            float(demand > sales),
            price * sales,
            bill,
            holding * stock,
            price * sales - bill - holding * stock,
            order,
            order**2,
            demand**2,
        ]
        for name, value in zip(chain_rules.MEASURES, week, strict=True):
            accounts[tier][name] += value

    def order(agent: dict[str, Any], demand: float, owed: float) -> float:
        error = demand - agent["f"]
        agent["f"] += 0.2 * error
        agent["v"] += 0.2 * (error**2 - agent["v"])
        target = agent["f"] * (agent["lead"] + 1) + 1.645 * (agent["v"] * (agent["lead"] + 1)) ** 0.5
        quantity = max(0.0, target - (agent["stock"] + agent["on_order"] - owed))
        agent["on_order"] += quantity
        return float(quantity)

    def agent(scale: int, lead: int) -> dict[str, Any]:
        start = 10.0 * scale * (lead + 1) + 1.645 * (9.0 * scale * (lead + 1)) ** 0.5
        return {
            "f": 10.0 * scale,
            "v": 9.0 * scale,
            "lead": lead,
            "stock": start,
            "on_order": 0.0,
            "due": {},
            "backlog": 0.0,
        }

    def receive(agent: dict[str, Any], week: int) -> None:
        arrival = agent["due"].pop(week, 0.0)
        agent["stock"] += arrival
        agent["on_order"] -= arrival

    shops = [[agent(1, 2) for _ in range(stores)] for _ in range(distributors)]
    sellers = [agent(stores, 3) for _ in range(distributors)]
    for week in range(weeks):
        made = 0.0
        for d, seller in enumerate(sellers):
            receive(seller, week)
            orders, trades = [], []
            for k, shop in enumerate(shops[d]):
                receive(shop, week)
                demand = max(0.0, 10.0 + 3.0 * draw(d * stores + k, week))
                sales = min(shop["stock"], demand)
                shop["stock"] -= sales
                orders.append(order(shop, demand, 0.0))
                trades.append((demand, sales))
                shop["backlog"] += orders[-1]
            owed = sum(shop["backlog"] for shop in shops[d])
            quantity = order(seller, sum(orders), owed)
            made += quantity
            seller["due"][week + 4] = quantity
            fraction = min(1.0, max(0.0, seller["stock"]) / owed) if owed > 0.0 else 1.0
            sent = [shop["backlog"] * fraction for shop in shops[d]]
            for shop, goods, asked, (demand, sales) in zip(shops[d], sent, orders, trades, strict=True):
                shop["backlog"] -= goods
                shop["due"][week + 3] = goods
                book("store", demand, sales, demand - sales, shop["stock"], 100.0, 75.0 * goods, 0.15, asked)
            seller["stock"] -= sum(sent)
            book(
                "distributor",
                sum(orders),
                sum(sent),
                0.0,
                seller["stock"],
                75.0,
                65.0 * quantity,
                0.13,
                quantity,
            )
        book("manufacturer", made, made, 0.0, 0.0, 65.0, 50.0 * made, 0.0, made)
    return np.array([list(accounts[t].values()) for t in chain_rules.TIERS])


def wave(store: int, week: int) -> float:
    """Draws that differ between stores and weeks, with shocks that empty shelves and a demand of zero."""
    shock = {7: 6.0, 8: 6.0, 9: 6.0, 20: -4.0}.get(week, 0.0)
    return 1.5 * float(np.sin(week + 0.7 * store)) + shock


class Given:
    """Stands in for a generator: hands out `wave` in the order in which a peer asks for its draws."""

    def __init__(self) -> None:
        self.calls = 0

    def standard_normal(self, out: np.ndarray | None = None) -> float:
        calls, self.calls = self.calls, self.calls + 1
        if out is None:
            return wave(calls % (D * K), calls // (D * K))
        cells = out.reshape(K, D, -1)
        for d in range(D):
            for k in range(K):
                cells[k, d] = wave(d * K + k, calls)
        return 0.0


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 after Salmon et al. (2011), section 3."""
    (a, b, c, d), (k, h), mask = counter, key, 0xFFFFFFFF
    for _ in range(10):
        low, high = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (high >> 32) ^ b ^ k, high & mask, (low >> 32) ^ d ^ h, low & mask
        k, h = (k + 0x9E3779B9) & mask, (h + 0xBB67AE85) & mask
    return [a, b, c, d]


def test_reference_generator_gives_the_published_words() -> None:
    # Known answers of Random123, kat_vectors, "philox4x32 10".
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def test_numpy_follows_the_rules_draw_by_draw() -> None:
    expected = reference(D, K, WEEKS, wave)
    for replication in chain_numpy._chunk(Given(), D, K, WEEKS, 3):  # type: ignore[arg-type]
        np.testing.assert_allclose(replication, expected, rtol=1e-12, atol=1e-9)
    backlogged_weeks, lost_sales = expected[1, 4], expected[2, 2]
    assert backlogged_weeks > 0.0
    assert lost_sales > 0.0


def test_mesa_follows_the_rules_draw_by_draw() -> None:
    model = chain_mesa.Chain(D, K, np.random.default_rng(1))
    model.rng = Given()
    expected = reference(D, K, WEEKS, wave)
    np.testing.assert_allclose(chain_mesa.simulate(model, WEEKS), expected, rtol=1e-12, atol=1e-9)


@needs_compiler
@pytest.mark.parametrize("form", chain_cpp.FORMS)
def test_cpp_follows_the_rules_draw_by_draw(form: str) -> None:
    seed = 0x1234_5678_9ABC_DEF0
    inverse = NormalDist().inv_cdf  # AS241 as well

    def draw(replication: int, store: int, week: int) -> float:
        words = philox([store, week // 4, replication, 0], [seed & 0xFFFFFFFF, seed >> 32])
        return inverse((words[week % 4] + 0.5) * 2.0**-32)

    answer = table(chain_cpp.run(D, K, WEEKS, 11, seed, form=form))
    for replication in (0, 7, 8, 10):
        expected = reference(D, K, WEEKS, lambda store, week, r=replication: draw(r, store, week))
        np.testing.assert_allclose(answer[replication], expected, rtol=1e-12, atol=1e-9)


@needs_compiler
@pytest.mark.parametrize(
    ("distributors", "stores", "weeks", "replications"),
    [(1, 1, 1, 1), (2, 3, 2, 5), (1, 4, 3, 8), (3, 7, 104, 17), (2, 50, 53, 8)],
)
def test_cpp_forms_are_equal(distributors: int, stores: int, weeks: int, replications: int) -> None:
    sizes = (distributors, stores, weeks, replications)
    fast, scalar = (table(chain_cpp.run(*sizes, 3, form=form)) for form in ("fast", "scalar"))
    np.testing.assert_allclose(fast, scalar, rtol=1e-12, atol=1e-9)


@needs_compiler
@pytest.mark.parametrize("form", chain_cpp.FORMS)
def test_cpp_does_not_depend_on_threads(form: str) -> None:
    one, three = (table(chain_cpp.run(D, K, WEEKS, 29, 3, threads=n, form=form)) for n in (1, 3))
    np.testing.assert_array_equal(one, three)


def test_numpy_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_numpy, "CHUNK_ELEMENTS", 4 * D * K)
    one, three = (table(chain_numpy.run(D, K, WEEKS, 29, 3, threads=n)) for n in (1, 3))
    assert one.shape[0] == 29
    np.testing.assert_array_equal(one, three)


def test_mesa_does_not_depend_on_processes() -> None:
    one, two = (table(chain_mesa.run(D, K, 4, 5, 3, threads=n)) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("run", PEERS)
def test_accounts_balance(run: Any) -> None:
    totals = run(D, K, WEEKS, 5, 11)["totals"]
    maker, distributor, store = (totals[tier] for tier in chain_rules.TIERS)
    close = partial(np.testing.assert_allclose, rtol=1e-11)
    close(store["demand"], store["sales"] + store["lost"])
    close(distributor["revenue"], store["purchases"])
    close(maker["revenue"], distributor["purchases"])
    close(store["orders"], distributor["demand"])
    close(distributor["orders"], maker["demand"])
    close(store["holding_cost"], 0.15 * store["stock"])
    close(distributor["holding_cost"], 0.13 * distributor["stock"])
    close(maker["purchases"], 50.0 * maker["sales"])
    for tier in (maker, distributor, store):
        close(tier["profit"], tier["revenue"] - tier["purchases"] - tier["holding_cost"], atol=1e-6)


def test_means_agree_within_sampling_error() -> None:
    # About 60 dependent comparisons of fixed seeds; 4.5 standard errors is beyond chance for all of them.
    answers = [table(chain_numpy.run(D, K, 52, 1500, 5)), table(chain_mesa.run(D, K, 52, 120, 5))]
    if chain_cpp.executable() is not None:
        answers.append(table(chain_cpp.run(D, K, 52, 4000, 5)))
    pooled = answers[0].std(axis=0)
    assert (pooled[2] > 0.0).all()
    for first, second in combinations(answers, 2):
        error = pooled * np.sqrt(1.0 / len(first) + 1.0 / len(second))
        difference = np.abs(first.mean(axis=0) - second.mean(axis=0))
        assert (difference <= 4.5 * error).all()


@pytest.mark.parametrize("run", PEERS)
def test_speed_and_means_are_reported(run: Any) -> None:
    answer = run(D, K, 8, 3, 1)
    assert answer["agent_weeks"] == (1 + D + D * K) * 8 * 3
    assert answer["seconds"] > 0.0
    speed = answer["agent_weeks"] / answer["seconds"] / 1e6
    assert answer["million_agent_weeks_per_second"] == pytest.approx(speed)
    assert answer["means"]["store"]["sales"] == pytest.approx(answer["totals"]["store"]["sales"].mean())


@pytest.mark.parametrize("run", [chain_mesa.run, chain_numpy.run, chain_cpp.run])
@pytest.mark.parametrize("place", range(4))
def test_sizes_below_one_are_refused(run: Any, place: int) -> None:
    sizes = [D, K, WEEKS, 3]
    sizes[place] = 0
    with pytest.raises(ValueError, match="must be at least 1"):
        run(*sizes, 1)


def test_missing_compiler_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert chain_cpp.executable.__wrapped__() is None
    assert "no compiler" in capsys.readouterr().err
