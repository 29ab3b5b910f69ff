"""The named choices of a scenario and their integer codes, each list in one place.

Kernels compare the constants; scenarios, results and error messages use the names.
"""

from __future__ import annotations

ROLES = ("plant", "manufacturer", "office", "agent", "distributor", "integrator", "retailer", "direct_outlet")
CONSUMER_ROLES = ("integrator", "retailer", "direct_outlet")

DEMAND_SYSTEMS = ("logit", "linear", "given")
LOGIT, LINEAR, GIVEN = range(3)
NOISES = ("none", "poisson", "normal", "gamma")
UNMET_DEMAND = ("lost", "backlogged")

STORE_PRICE_RULES = ("fixed", "markup", "margin", "suggested", "best_response", "minimum", "maximum")
SUPPLIER_PRICE_RULES = ("posted", "markup", "vertical_nash", "leader", "negotiated")
PRICE_RULES = (*STORE_PRICE_RULES, "posted", "vertical_nash", "leader", "negotiated")
(
    PRICE_FIXED,
    PRICE_MARKUP,
    PRICE_MARGIN,
    PRICE_SUGGESTED,
    PRICE_BEST_RESPONSE,
    PRICE_MINIMUM,
    PRICE_MAXIMUM,
    PRICE_POSTED,
    PRICE_NASH,
    PRICE_LEADER,
    PRICE_NEGOTIATED,
) = range(11)
MOST_RESPONDING_TIERS = 2
"""Upper tiers that may price by best response in one channel; a third is led by the optimiser's lever."""

ORDER_RULES = ("order_up_to", "reorder_point", "base_stock", "newsvendor", "anchoring", "pass_through")
ORDER_UP_TO, ORDER_REORDER_POINT, ORDER_BASE_STOCK, ORDER_NEWSVENDOR, ORDER_ANCHORING, ORDER_PASS_THROUGH = (
    range(6)
)

FORECAST_RULES = ("exponential_smoothing", "moving_average", "known_mean", "shared")
FORECAST_SMOOTHING, FORECAST_MOVING_AVERAGE, FORECAST_KNOWN, FORECAST_SHARED = range(4)

SAFETY_RULES = ("given", "critical_fractile")
SAFETY_GIVEN, SAFETY_FRACTILE = range(2)

STRATEGIES = (
    "promise",
    "threat",
    "legalistic_plea",
    "request",
    "recommendation",
    "information_exchange",
)
PROMISE, THREAT, LEGALISTIC_PLEA, REQUEST, RECOMMENDATION, INFORMATION_EXCHANGE = range(6)
BEHAVIOURS = ("price", "stock", "service", "payment", "territory")
ASK_PRICE, ASK_STOCK, ASK_SERVICE, ASK_PAYMENT, ASK_TERRITORY = range(5)
BASES = ("reward", "coercive", "legitimate", "expert", "referent")
SUPPLIER_ASKS, BUYER_ASKS = range(2)

SCHEDULE_MODES = ("all_unit", "incremental")
REBATE_MODES = ("retroactive", "incremental")
ON_ALL_UNITS, ON_UNITS_BEYOND = range(2)
MEASURES = ("units", "plan")
REBATE_BASES = ("sell_in", "sell_through")
SELL_IN, SELL_THROUGH = range(2)

# decisions that draw random numbers: part of the counter, so never renumber
DRAW_MARKET, DRAW_SHELF = 1, 2
