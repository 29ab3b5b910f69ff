"""Terms of trade at the margin: what one more unit costs the member who buys it.

    c̃ = w·(1 − r·credit weeks) + handling,        m = p − c̃

with r the weekly cost of capital: goods paid later cost less today. The same marginal cost serves
price, service and stock; `invoice` is what settlement charges, and marginal cost without credit and
handling is its derivative. Source: economics §1 (rebates and allowances join it with their mechanisms).

Limit: no credit and no handling cost: c̃ = w.
"""

from __future__ import annotations

from channelsim.compiled import rule


@rule
def marginal_cost(unit_cost: float, credit_saving: float, handling_cost: float) -> float:
    """Return c̃, money per unit: wholesale price less the interest saved by credit, plus handling."""
    return unit_cost * (1.0 - credit_saving) + handling_cost


@rule
def invoice(quantity: float, wholesale_price: float) -> float:
    """Return what a shipment is charged, money."""
    return quantity * wholesale_price
