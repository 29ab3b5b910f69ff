"""Family "demand and place": logit pricing, where buyers go and what they gain, places of outlets.

The prices of theory solve the stores' first-order conditions from scratch, by root finding on profits that
are differentiated numerically; the simulated stores find them week by week with the rule *best_response*.
`channelsim.verification.demand_runs` holds the runs, `channelsim.verification.place` the cases on place.
"""

from __future__ import annotations

from channelsim.theory.logit_pricing import monopoly_margin, symmetric_margin
from channelsim.verification import demand_runs as runs
from channelsim.verification import place
from channelsim.verification.cases import OPTIMISED_LEVER, Case
from channelsim.verification.demand_runs import HELD, METRICS, NO_OUTSIDE_GOOD

FAMILY = "demand and place"
ANDERSON = "Anderson, de Palma & Thisse 1992"

CASES = (
    Case(
        FAMILY,
        "monopoly, outside good: margin [1 + W(e^(quality − αc − 1))]/α",
        ANDERSON,
        lambda: monopoly_margin(6.0, 4.0, 0.5),
        simulated=lambda lab: runs.measured(lab, "demand_monopoly", "unit_margin", "store"),
        unit="money per unit",
        scenario="demand_monopoly",
    ),
    Case(
        FAMILY,
        "monopoly, outside good: price set by an optimiser",
        ANDERSON,
        lambda: 4.0 + monopoly_margin(6.0, 4.0, 0.5),
        optimised=runs.best_monopoly_price,
        tolerance=OPTIMISED_LEVER,
        unit="money per unit",
        scenario="demand_monopoly",
    ),
    Case(
        FAMILY,
        "three equal stores, outside good: margin",
        ANDERSON,
        lambda: symmetric_margin(3, 3.0, 4.0, 0.5),
        simulated=lambda lab: runs.measured(lab, "demand_equal_stores", "unit_margin", "stores"),
        unit="money per unit",
        scenario="demand_equal_stores",
    ),
    Case(
        FAMILY,
        "three equal stores, no outside good: margin n/(α(n − 1))",
        ANDERSON,
        lambda: symmetric_margin(3, 40.0, 4.0, 0.5, outside_good=False),
        simulated=lambda lab: runs.measured(
            lab, "demand_equal_stores", "unit_margin", "stores", **NO_OUTSIDE_GOOD
        ),
        unit="money per unit",
        scenario="demand_equal_stores",
        reason="equity raised to 40: the share of taking nothing is about 1e-16",
    ),
    Case(
        FAMILY,
        "control: equal stores sell exactly the same",
        "symmetry",
        lambda: 1.0,
        simulated=runs.share_ratio,
        tolerance=1e-12,
        scenario="demand_equal_stores",
    ),
    *(
        Case(
            FAMILY,
            f"unequal stores: margin of the {title}",
            ANDERSON,
            lambda group=group: runs.equilibrium_margin("demand_assortments", group),  # type: ignore[misc]
            simulated=lambda lab, group=group: runs.measured(lab, "demand_assortments", "unit_margin", group),  # type: ignore[misc]
            unit="money per unit",
            scenario="demand_assortments",
        )
        for group, title in (
            ("hall", "store with three brands"),
            ("corner", "store with one brand"),
            ("shop", "store with two brands"),
        )
    ),
    Case(
        FAMILY,
        "one segment: margin over the short form 1/(α(1 − S))",
        ANDERSON,
        lambda: 1.0,
        simulated=runs.markup_by_share,
        scenario="demand_assortments",
    ),
    Case(
        FAMILY,
        "control: one markup on all brands of a store",
        ANDERSON,
        lambda: 1.0,
        simulated=runs.margin_spread,
        scenario="demand_assortments",
    ),
    *(
        Case(
            FAMILY,
            f"three segments in five zones: mean margin of the {group}",
            ANDERSON,
            lambda group=group: runs.equilibrium_margin("demand_segments", group),  # type: ignore[misc]
            simulated=lambda lab, group=group: runs.measured(lab, "demand_segments", "unit_margin", group),  # type: ignore[misc]
            unit="money per unit",
            scenario="demand_segments",
            reason="theory reads the places of stores and zones from the built scenario",
        )
        for group in ("hall", "corner")
    ),
    Case(
        FAMILY,
        "diversion ratio of a closing store, two segments",
        "Shapiro 1996",
        runs.diversion_in_theory,
        simulated=lambda lab: runs.diversion(lab, "shop"),
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "control: one segment diverts in proportion to shares",
        "McFadden 1974",
        lambda: 1.0,
        simulated=runs.ratio_of_gains,
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "consumer surplus is the inclusive value over α",
        "Small & Rosen 1981",
        runs.surplus_in_theory,
        simulated=lambda lab: float(
            lab.run(HELD, metrics=METRICS).metrics["consumer_surplus"].values.squeeze()
        ),
        unit="money per week",
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "surplus lost when a store closes: −Σ M ln(1 − s)/α",
        "Williams 1977",
        runs.loss_in_theory,
        simulated=runs.surplus_lost,
        unit="money per week",
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "area under the demand of a store that closes: the surplus lost",
        "Small & Rosen 1981",
        runs.loss_in_theory,
        simulated=runs.area_under_demand,
        unit="money per week",
        scenario=HELD,
        reason="the price varies over the 16 nodes of a quadrature",
    ),
    Case(
        FAMILY,
        "weighted distribution is the carriers' share of turnover",
        "definition",
        runs.weighted_distribution_in_theory,
        simulated=lambda lab: runs.distribution(lab, "weighted_distribution"),
        scenario=HELD,
    ),
    Case(
        FAMILY,
        "control: numeric distribution, two stores of three",
        "definition",
        lambda: 2.0 / 3.0,
        simulated=lambda lab: runs.distribution(lab, "numeric_distribution"),
        tolerance=1e-12,
        scenario=HELD,
    ),
    *place.CASES,
)
