"""Family "support and exclusivity": free riding on service, co-operative share, exclusive dealing.

Efforts of theory are fixed points of `theory.service_free_riding` with the slopes of logit demand at the
shares that the efforts bring about; prices are held. What an optimiser finds knows nothing but its lever: an
effort at which stores are held (their adjustment set to 0), or the maker's co-operative share. Huang & Li's
sales are of a form that no demand system of the simulator has: there the optimiser plays the game, move by
move. `channelsim.verification.support_runs` holds the runs.
"""

from __future__ import annotations

from channelsim.theory.cooperative_advertising import (
    AdvertisedChannel,
    at_the_same_time,
    best_participation_rate,
)
from channelsim.theory.service_free_riding import (
    all_stores,
    coordinating_share,
    each_store_alone,
    manufacturers_best_share,
    whole_channel,
)
from channelsim.verification import support_runs as runs
from channelsim.verification.cases import OPTIMISED_LEVER, Case
from channelsim.verification.support_runs import EXCLUSIVE, SERVICE

FAMILY = "support and exclusivity"
TELSER = "Telser 1960"
HUANG = "Huang & Li 2001"
PRATT = "Pratt 1964, neutral to risk"
NEAR_LINEAR = "service is worth so little that demand is linear in it to 1e-4"
ELASTICITY = "Huang & Li's answer at a sales elasticity of −½, which a cost of κe²/2 is"
NO_SIMULATOR = "no simulator: the optimiser plays both moves on Huang & Li's own sales"


def _shared(share: float, **changes: float) -> float:
    """Return the effort of stores alone at a co-operative share."""
    return runs.at_rest(lambda market: each_store_alone(market, share).effort, **changes)


CASES = (
    Case(
        FAMILY,
        "four stores alone, spillover 0.6: effort",
        TELSER,
        lambda: runs.at_rest(lambda market: each_store_alone(market).effort),
        simulated=runs.effort,
        unit="effort",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "no spillover: effort, each to win the others' buyers",
        TELSER,
        lambda: runs.at_rest(lambda market: each_store_alone(market).effort, spillover=0.0),
        simulated=lambda lab: runs.effort(lab, **{"demand.service_spillover": 0.0}),
        unit="effort",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "joint optimum of the stores: effort",
        TELSER,
        lambda: runs.at_rest(lambda market: all_stores(market).effort),
        optimised=lambda lab: runs.best_effort(lab, "stores"),
        tolerance=OPTIMISED_LEVER,
        unit="effort",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "control: neutral spillover, stores alone serve as all together",
        TELSER,
        lambda: runs.at_rest(lambda market: all_stores(market).effort),
        simulated=lambda lab: runs.effort(lab, **{"demand.service_spillover": runs.neutral()}),
        unit="effort",
        scenario=SERVICE,
        reason="spillover φ = n h/[(n − 1) g + h] at the shares of the joint optimum",
    ),
    Case(
        FAMILY,
        "optimum of the whole channel: effort",
        TELSER,
        lambda: runs.at_rest(lambda market: whole_channel(market).effort),
        optimised=lambda lab: runs.best_effort(lab, "channel"),
        tolerance=OPTIMISED_LEVER,
        unit="effort",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "coordinating co-operative share: stores alone serve as the channel would",
        TELSER,
        lambda: runs.at_rest(lambda market: whole_channel(market).effort),
        simulated=lambda lab: runs.effort(
            lab, **{"contracts.0.cooperative_share": coordinating_share(runs.market_at_rest(whole_channel))}
        ),
        unit="effort",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "co-operative share of 0.4: effort",
        "economics of the first-order condition",
        lambda: _shared(0.4),
        simulated=lambda lab: runs.effort(lab, **{"contracts.0.cooperative_share": 0.4}),
        unit="effort",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "co-operative share of 0.4: what the maker pays a store",
        "economics of the first-order condition",
        lambda: 0.4 * 0.5 * 30.0 * _shared(0.4) ** 2,
        simulated=lambda lab: runs.paid(lab, **{"contracts.0.cooperative_share": 0.4}) / 4.0,
        unit="money per week",
        scenario=SERVICE,
    ),
    Case(
        FAMILY,
        "training at half of its scale: effort at two thirds of the cost",
        "learning and forgetting in balance",
        lambda: runs.at_rest(lambda market: each_store_alone(market).effort, effort_cost=20.0),
        simulated=lambda lab: runs.effort(lab, **{"contracts.0.training": 50.0, "training_scale": 100.0}),
        unit="effort",
        scenario=SERVICE,
        reason="the form of the cost is a declared assumption: the case shows its arithmetic",
    ),
    Case(
        FAMILY,
        "the maker's best co-operative share (2A − B)/(2A + B), one store",
        HUANG,
        lambda: manufacturers_best_share(runs.linear_market(3.0)),
        optimised=lambda lab: runs.best_share(lab, 3.0),
        tolerance=OPTIMISED_LEVER,
        scenario=SERVICE,
        reason=f"{ELASTICITY}; {NEAR_LINEAR}",
    ),
    Case(
        FAMILY,
        "control: a maker whose margin is below half the store's pays nothing",
        HUANG,
        lambda: manufacturers_best_share(runs.linear_market(1.5)),
        optimised=lambda lab: runs.best_share(lab, 1.5),
        tolerance=OPTIMISED_LEVER,
        scenario=SERVICE,
        reason=f"{ELASTICITY}; {NEAR_LINEAR}",
    ),
    Case(
        FAMILY,
        "co-operative advertising: best participation rate, margins 4 and 1",
        HUANG,
        lambda: best_participation_rate(4.0, 1.0, 1.0),
        optimised=lambda lab: runs.participation(4.0),
        tolerance=OPTIMISED_LEVER,
        reason=NO_SIMULATOR,
    ),
    Case(
        FAMILY,
        "control: co-operative advertising, margins 1.9 and 1: the corner at zero",
        HUANG,
        lambda: best_participation_rate(1.9, 1.0, 1.0),
        optimised=lambda lab: runs.participation(1.9),
        tolerance=OPTIMISED_LEVER,
        reason=NO_SIMULATOR,
    ),
    Case(
        FAMILY,
        "advertising at the same time: local spending",
        HUANG,
        lambda: at_the_same_time(AdvertisedChannel(*runs.ADVERTISED, 4.0, 1.0)).local_advertising,
        optimised=lambda lab: runs.local_advertising(4.0),
        tolerance=OPTIMISED_LEVER,
        unit="money per week",
        reason="no simulator: each optimises in turn, until neither changes anything",
    ),
    *(
        Case(
            FAMILY,
            f"exclusive dealing, {title}: least compensation accepted",
            PRATT,
            lambda changes=changes: runs.threshold_in_theory(**changes),  # type: ignore[misc]
            simulated=lambda lab, changes=changes: runs.threshold(lab, **changes),  # type: ignore[misc]
            unit="money per week",
            scenario=EXCLUSIVE,
        )
        for title, changes in (
            ("three brands", {}),
            ("after a price cut to 4.5", {"contracts.0.wholesale_price": 4.5}),
            ("a franchise fee of 100 saved", {"contracts.1.franchise_fee": 100.0}),
            ("a chain of three stores", {"members.stores.per_territory": 3, "members.stores.owner": "Chain"}),
        )
    ),
    Case(
        FAMILY,
        "control: exclusive dealing that gives up nothing needs no compensation",
        PRATT,
        lambda: 0.0,
        simulated=lambda lab: runs.threshold(lab, **{"members.stores.brands": ["A"]}),
        tolerance=1e-9,
        unit="money per week",
        scenario=EXCLUSIVE,
    ),
)
"""The family, in the order of the table."""
