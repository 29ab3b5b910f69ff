"""What several families read from results, and the search by which they set a price or a level."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from channelsim.analysis.results import Result


def of_group(result: Result, metric: str, group: str) -> float:
    """Return a metric of a member group, of the one policy and replication of a run without noise."""
    return float(result.by_group[metric].sel(group=group).item())


def of_brand(result: Result, metric: str, brand: str) -> float:
    """Return a metric of a brand, of the one policy and replication of a run without noise."""
    return float(result.by_brand[metric].sel(brand=brand).item())


def by_replication(result: Result, metric: str, group: str = "") -> NDArray[np.float64]:
    """Return a metric of the whole channel, or of a member group, in each replication of the first policy."""
    data = result.by_group[metric].sel(group=group) if group else result.metrics[metric]
    return np.asarray(data.values[0], dtype=np.float64)


def highest_at(value: Callable[[float], float], low: float, high: float, tolerance: float = 1e-6) -> float:
    """Return where scipy's bounded search finds a value highest, knowing nothing but bounds (Brent 1973)."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda at: -value(float(at)), bounds=(low, high), method="bounded", options={"xatol": tolerance}
    )
    return float(found.x)
