"""Stylised facts on the use of power: coercion now against later, information and expertise, late payment."""

from __future__ import annotations

from typing import Any

import numpy as np

from channelsim.analysis.estimators import Estimate, mean
from channelsim.facts.differences import MARKET, Difference, Effort, Fact, compare, reviewed
from channelsim.metrics import Floats
from channelsim.scenario import Scenario

# --- coercion now against later --------------------------------------------------------------------------

TO_WEST = "maker → West"
RELATIONAL = (
    "coercion_on_social_satisfaction",
    "noncoercion_on_social_satisfaction",
    "coercion_on_trust",
    "noncoercion_on_trust",
    "coercion_on_conflict",
    "exploitation_on_conflict",
)
"""Effects by which the use of a strategy is felt."""
NON_COERCIVE = {"request": 1.0, "recommendation": 1.0, "information_exchange": 1.0}
WEAK = 0.1
"""Share of the sanction that is left when money is switched off; without any there is no threat."""
FIRST_QUARTER, LAST_YEAR = (1, 13), (104, 155)


def campaign(strategies: dict[str, float], sanction: float | None, intensity: float) -> dict[str, Any]:
    """Return the library's attempt "stock of West" by other strategies."""
    asked = {
        "name": "stock of West",
        "sender": "maker",
        "receiver": "West",
        "behaviour": "stock",
        "wanted": {"A": 8.0},
        "attention": 10.0,
        "strategies": strategies,
        "intensity": intensity,
    }
    return asked if sanction is None else asked | {"sanction": sanction}


def measure_coercion(effort: Effort) -> list[Difference]:
    """Compare threats with non-coercive strategies that cost the maker as much at present value."""
    found = []
    zero = dict.fromkeys(RELATIONAL, 0.0)
    for effects, share in (({}, 1.0), (zero, 1.0), ({}, WEAK)):
        scenario = Scenario.from_library("influence").replace(
            **{f"demand.{name}": value for name, value in MARKET.items()}, **{"relations.effects": effects}
        )
        once = Effort(2, effort.seed, effort.workers)
        # what West would lose: the sanction that dependence itself threatens with
        gain = reviewed(once.run(scenario), "gain_of_buyer", TO_WEST, "base", (0, 0)).mean()
        threats = {
            "name": "threats",
            "influence": [campaign({"threat": 1.0}, float(round(share * gain)), 1.0)],
        }
        others = [{"name": "others", "influence": [campaign(NON_COERCIVE, None, 1.0)]}]
        result = effort.run(scenario, [threats, *others])
        intensity = spent(result, "threats", scenario) / spent(result, "others", scenario)
        others = [{"name": "others", "influence": [campaign(NON_COERCIVE, None, intensity)]}]
        found.append(effort.run(scenario, [threats, *others]))

    def row(
        quantity: str, column: str, stated: int, weeks: tuple[int, int], weak: bool = False
    ) -> Difference:
        threats, others = (
            [reviewed(result, column, TO_WEST, policy, weeks) for result in found]
            for policy in ("threats", "others")
        )
        pairs = list(zip(threats, others, strict=True))
        off = "sanction: a tenth" if weak else "effects of use on feelings: 0"
        return compare(quantity, "–", stated, off, pairs[0], pairs[2 if weak else 1])

    return [
        row("adherence to what is asked, first quarter", "stock_adherence_of_buyer", 1, FIRST_QUARTER),
        row("adherence to what is asked, first quarter", "stock_adherence_of_buyer", 1, FIRST_QUARTER, True),
        row("social satisfaction, third year", "social_satisfaction_of_buyer", -1, LAST_YEAR),
        row("trust, third year", "trust_of_buyer", -1, LAST_YEAR),
        row("conflict, third year", "conflict", 1, LAST_YEAR),
        row("adherence to another request, third year", "payment_adherence_of_buyer", -1, LAST_YEAR),
        row("adherence to what is asked, third year", "stock_adherence_of_buyer", -1, LAST_YEAR),
    ]


def spent(result: Any, policy: str, scenario: Scenario) -> float:
    """Return the present value of what the maker spends on West, at the reviews' weeks."""
    rows = result.relationships["attention_spent_of_supplier"].sel(relationship=TO_WEST, policy=policy)
    weekly = rows.mean("replication")
    return float((weekly.values * (1.0 + scenario.cost_of_capital) ** -weekly["review_week"].values).sum())


COERCION = Fact(
    name="coercion now against later",
    statement="At equal present cost to the sender, threats work sooner, and cost satisfaction, trust, peace "
    "and later compliance; non-coercive strategies are slower but last.",
    source="T8; Frazier & Summers 1984, Geyskens, Steenkamp & Kumar 1999",
    carried_by="the table of effects (an assumption): slopes of satisfaction, trust and conflict in the use "
    "of strategies. That threats work sooner is carried by money: the sanction.",
    assumed="Scenario `influence`. The maker asks West for stock, by threats alone or by requests, "
    "recommendations and information exchange in equal parts. The sanction is what West would lose with the "
    "relationship. Both campaigns have the same present value of attention: the non-coercive one makes fewer "
    "contacts, in the share of threats that deterrence lets pass; fines received are not set against it. "
    "The other request is the library's: pay on time.",
    measure=measure_coercion,
)

# --- information and expertise ---------------------------------------------------------------------------

TO_EAST = "maker → East"


def measure_information(effort: Effort) -> list[Difference]:
    """Compare the expert base of a maker that hands information over with that of one that invests, too."""
    found = []
    for rate in (None, 0.0):
        for invested in (0.0, 0.01):
            effects = {} if rate is None else {"information_rate": rate}
            scenario = Scenario.from_library("influence").replace(
                **{f"demand.{name}": value for name, value in MARKET.items()},
                **{"relations.effects": effects, "bases.knowledge.0.investment": invested},
            )
            found.append(effort.run(scenario))
    last, first = (
        [reviewed(result, "expert_base_of_supplier", TO_EAST, "base", (week, week)) for result in found]
        for week in (152, 0)
    )
    off = "information hands nothing over"

    def change(quantity: str, stated: int, k: int) -> Difference:
        return compare(quantity, "–", stated, off, (last[k], first[k]), (last[k + 2], first[k + 2]))

    return [
        change("base from information alone, last week less first", -1, 0),
        compare(
            "base in the last week, expertise less information",
            "–",
            1,
            off,
            (last[1], last[0]),
            (last[3], last[2]),
        ),
        change("base from expertise, last week less first", 1, 1),
    ]


INFORMATION = Fact(
    name="information decays, expertise does not",
    statement="Information given away is a base no longer; expertise that is renewed remains one.",
    source="T6; French & Raven 1959, Raven 1965",
    carried_by="information exchange closes the gap in knowledge; investment opens it anew",
    assumed="Scenario `influence`, with its investment of 0.01 a week against none. Nothing in it is random, "
    "so that the intervals have no width. With investment the base does not stay as it is but settles where "
    "investment makes up for what is handed over: a lead of investment/(δ·use) = 1, a base of 0.63.",
    measure=measure_information,
)

# --- late reimbursement ----------------------------------------------------------------------------------

HORIZON, WAIT = 156, 13
COST_OF_COMPLYING = 100.0
"""Of a price of 70 in place of 80: B·(70 − 80)² with B = 1."""


def promising(credibility_rate: float | None, reward: float) -> tuple[Scenario, list[dict[str, Any]]]:
    """Return a maker that promises its store money for a lower price, and the policies on time and late."""

    def asked(weeks: float) -> dict[str, Any]:
        return {
            "name": "lower retail price",
            "sender": "maker",
            "receiver": "store",
            "behaviour": "price",
            "wanted": 70.0,
            "reward": reward,
            "strategies": {"promise": 1.0},
            "reimbursement_weeks": weeks,
        }

    scenario = Scenario.from_library("bilateral").replace(
        **{f"demand.{name}": value for name, value in MARKET.items()},
        **{
            "demand.noise": "poisson",
            "weeks": HORIZON,
            "warm_up_weeks": 0,
            "review_weeks": 4,
            "power.measured": True,
            "relations.active": True,
            "relations.effects": {} if credibility_rate is None else {"credibility_rate": credibility_rate},
            "influence": [asked(0.0)],
        },
    )
    late = {"name": "late", "influence": [asked(float(WAIT))]}
    return scenario, [{"name": "on time"}, late]


def saved_by_week(effort: Effort, credibility_rate: float | None, reward: float) -> Floats:
    """Return (replications, weeks) the maker's profit when it pays late less on time, cumulated, money."""
    result = effort.run(*promising(credibility_rate, reward), record=["profit by group"])
    profit = result.trajectories["profit_by_group"].sel(group="maker")
    gap = profit.sel(policy="late") - profit.sel(policy="on time")
    return np.asarray(gap.transpose("replication", "week").cumsum("week").values)


def measure_late_payment(effort: Effort) -> list[Difference]:
    """Cumulate what late reimbursement brings the sender."""
    kept, twice = (
        [saved_by_week(effort, rate, reward) for rate in (None, 0.0)]
        for reward in (COST_OF_COMPLYING, 2.0 * COST_OF_COMPLYING)
    )

    def row(quantity: str, stated: int, pair: list[Floats], week: int) -> Difference:
        off = "credibility does not learn (η_ρ = 0)"
        values = [(run[:, week - 1], np.zeros(len(run))) for run in pair]
        return compare(quantity, "money", stated, off, values[0], values[1])

    return [
        row(f"sender's profit, late less on time, first {WAIT} weeks", 1, kept, WAIT),
        row(f"the same, {HORIZON} weeks", -1, kept, HORIZON),
        row(f"the same, {HORIZON} weeks, reward twice the cost of complying", -1, twice, HORIZON),
    ]


def band(values: Floats) -> Estimate:
    """Return the mean over replications with its interval, week by week."""
    return mean(values, axis=0)


LATE_PAYMENT = Fact(
    name="late reimbursement",
    statement="Late reimbursement saves the sender money at first and costs more within the horizon.",
    source="T25",
    carried_by="credibility ρ in the money: what a late payer promises counts for less",
    assumed="Scenario `bilateral` with relations. The maker asks for a retail price of 70 in place of 80 and "
    "reimburses what that costs the store, 100 a week, at once or after 13 weeks on average: a quarter. The "
    "horizon is three years. No reputation with others.",
    measure=measure_late_payment,
)
