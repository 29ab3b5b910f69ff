"""Uncertain weekly demand: distributions with what inventory theory asks of them.

Idea
----
All single-stage inventory theory rests on one function of a distribution, the *loss function* E[(D
− Q)⁺], the demand that a stock of Q expects to leave unmet; the stock left over is E[(Q − D)⁺] = Q − E[D] +
E[(D − Q)⁺], and its derivative is −P(D > Q). Each family below has it in closed form:

    normal        σ [φ(z) − z (1 − Φ(z))],  z = (Q − μ)/σ
    gamma         μ (1 − F(Q; k+1)) − Q (1 − F(Q; k)),  shape k, mean μ (since x f(x; k) = μ f(x; k+1))
    exponential   μ e^{−Q/μ}  (gamma of shape 1)
    uniform       (b − Q)² / (2 (b − a)) for a ≤ Q ≤ b
    Poisson       μ P(D ≥ ⌊Q⌋) − Q P(D ≥ ⌊Q⌋ + 1)  (since d p(d) = μ p(d − 1))

Demand over several weeks is the sum of independent weeks; the families that stay within themselves say so by
`over`. Source: Zipkin (2000), *Foundations of Inventory Management*, McGraw-Hill, appendix C.

Where it holds: independent and identically distributed weeks. The normal distribution admits negative
demand, with probability Φ(−μ/σ): 2.9e-7 at a coefficient of variation of 0.2, 0.02 at one half.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, floor, inf, log, log1p, pi, sqrt

from scipy.special import gammainc, gammaincc, gammaincinv, gammaln, ndtri, pdtr

from channelsim.theory.admissible import above, at_least, between, whole_weeks


@dataclass(frozen=True)
class Demand:
    """Demand of a week, or of several; the base of the families below."""

    @property
    def mean(self) -> float:
        """Expected demand, units."""
        raise NotImplementedError

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of demand, units."""
        raise NotImplementedError

    def cumulative(self, quantity: float) -> float:
        """Return P(D ≤ quantity)."""
        raise NotImplementedError

    def density(self, quantity: float) -> float:
        """Return the density of demand at a quantity; of integer demand there is none.

        Raises
        ------
        ValueError
            If demand is integer.
        """
        raise ValueError(f"{type(self).__name__}: integer demand has no density")

    def quantile(self, probability: float) -> float:
        """Return the smallest quantity that demand does not exceed with the given probability.

        Raises
        ------
        ValueError
            If the probability is not between 0 and 1, both left out.
        """
        return self._quantile(between(probability, 0.0, 1.0, "probability"))

    def _quantile(self, probability: float) -> float:
        raise NotImplementedError

    def expected_shortage(self, quantity: float) -> float:
        """Return the loss function E[(D − quantity)⁺], units."""
        raise NotImplementedError

    def expected_leftover(self, quantity: float) -> float:
        """Return E[(quantity − D)⁺], units."""
        return max(0.0, quantity - self.mean + self.expected_shortage(quantity))

    def over(self, weeks: int) -> Demand:
        """Return the demand of several independent weeks; of none, it is certainly zero.

        Raises
        ------
        ValueError
            If the family does not contain such sums.
        """
        raise ValueError(f"{type(self).__name__}: the sum of several weeks is not of the same family")


@dataclass(frozen=True)
class NormalDemand(Demand):
    """Normal demand; a deviation of 0 is certain demand.

    Parameters
    ----------
    mean_demand, deviation : float
        Mean and standard deviation, units per week.

    Raises
    ------
    ValueError
        If the mean or the deviation is below zero or not finite.

    Examples
    --------
    >>> round(NormalDemand(50.0, 8.0).expected_shortage(50.0), 6)
    3.191538
    """

    mean_demand: float
    deviation: float

    def __post_init__(self) -> None:
        at_least(self.mean_demand, 0.0, "mean_demand")
        at_least(self.deviation, 0.0, "deviation")

    @property
    def mean(self) -> float:
        """Expected demand, units."""
        return float(self.mean_demand)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of demand, units."""
        return float(self.deviation)

    def _score(self, quantity: float) -> float:
        if self.deviation == 0.0:
            return inf if quantity >= self.mean_demand else -inf
        return (quantity - self.mean_demand) / self.deviation

    def cumulative(self, quantity: float) -> float:
        """Return P(D ≤ quantity)."""
        return 0.5 * erfc(-self._score(quantity) / sqrt(2.0))

    def density(self, quantity: float) -> float:
        """Return the density at a quantity; certain demand has none."""
        if self.deviation == 0.0:
            raise ValueError("deviation = 0: certain demand has no density")
        return exp(-0.5 * self._score(quantity) ** 2) / (self.deviation * sqrt(2.0 * pi))

    def _quantile(self, probability: float) -> float:
        return self.mean_demand + self.deviation * float(ndtri(probability))

    def expected_shortage(self, quantity: float) -> float:
        """Return the loss function E[(D − quantity)⁺], units."""
        if self.deviation == 0.0:
            return max(0.0, self.mean_demand - quantity)
        above_it = 0.5 * erfc(self._score(quantity) / sqrt(2.0))
        return self.deviation**2 * self.density(quantity) - (quantity - self.mean_demand) * above_it

    def over(self, weeks: int) -> NormalDemand:
        """Return the demand of several weeks: weeks × mean, √weeks × deviation."""
        weeks = whole_weeks(weeks, "weeks")
        return NormalDemand(self.mean_demand * weeks, self.deviation * sqrt(weeks))


@dataclass(frozen=True)
class GammaDemand(Demand):
    """Gamma demand.

    Parameters
    ----------
    mean_demand, deviation : float
        Mean and standard deviation, units per week; the shape is (mean/deviation)².

    Raises
    ------
    ValueError
        If one of them is not above zero.

    Examples
    --------
    >>> round(GammaDemand(20.0, 10.0).expected_shortage(25.0), 6)
    2.184218
    """

    mean_demand: float
    deviation: float

    def __post_init__(self) -> None:
        above(self.mean_demand, 0.0, "mean_demand")
        above(self.deviation, 0.0, "deviation")

    @property
    def mean(self) -> float:
        """Expected demand, units."""
        return float(self.mean_demand)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of demand, units."""
        return float(self.deviation)

    @property
    def shape(self) -> float:
        """Shape parameter."""
        return (self.mean_demand / self.deviation) ** 2

    @property
    def scale(self) -> float:
        """Scale parameter, units."""
        return self.deviation**2 / self.mean_demand

    def cumulative(self, quantity: float) -> float:
        """Return P(D ≤ quantity)."""
        return float(gammainc(self.shape, max(0.0, quantity) / self.scale))

    def density(self, quantity: float) -> float:
        """Return the density at a quantity."""
        if quantity <= 0.0:
            return 1.0 / self.scale if quantity == 0.0 and self.shape == 1.0 else 0.0
        x = quantity / self.scale
        return exp((self.shape - 1.0) * log(x) - x - float(gammaln(self.shape))) / self.scale

    def _quantile(self, probability: float) -> float:
        return self.scale * float(gammaincinv(self.shape, probability))

    def expected_shortage(self, quantity: float) -> float:
        """Return the loss function E[(D − quantity)⁺], units."""
        x = max(0.0, quantity) / self.scale
        return self.mean * float(gammaincc(self.shape + 1.0, x)) - quantity * float(gammaincc(self.shape, x))

    def over(self, weeks: int) -> Demand:
        """Return the demand of several weeks: weeks × mean, √weeks × deviation."""
        weeks = whole_weeks(weeks, "weeks")
        if weeks == 0:
            return NormalDemand(0.0, 0.0)
        return GammaDemand(self.mean * weeks, self.standard_deviation * sqrt(weeks))


@dataclass(frozen=True)
class ExponentialDemand(Demand):
    """Exponential demand.

    Parameters
    ----------
    mean_demand : float
        Mean, and standard deviation, units per week.

    Raises
    ------
    ValueError
        If it is not above zero.

    Examples
    --------
    >>> round(ExponentialDemand(10.0).quantile(0.5), 6)
    6.931472
    """

    mean_demand: float

    def __post_init__(self) -> None:
        above(self.mean_demand, 0.0, "mean_demand")

    @property
    def mean(self) -> float:
        """Expected demand, units."""
        return float(self.mean_demand)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of demand, units."""
        return float(self.mean_demand)

    def cumulative(self, quantity: float) -> float:
        """Return P(D ≤ quantity)."""
        return 1.0 - exp(-max(0.0, quantity) / self.mean)

    def density(self, quantity: float) -> float:
        """Return the density at a quantity."""
        return exp(-quantity / self.mean) / self.mean if quantity >= 0.0 else 0.0

    def _quantile(self, probability: float) -> float:
        return -self.mean * log1p(-probability)

    def expected_shortage(self, quantity: float) -> float:
        """Return the loss function E[(D − quantity)⁺], units."""
        return self.mean * exp(-quantity / self.mean) if quantity >= 0.0 else self.mean - quantity

    def over(self, weeks: int) -> Demand:
        """Return the demand of several weeks: gamma with the number of weeks as its shape."""
        return GammaDemand(self.mean, self.mean).over(weeks)


@dataclass(frozen=True)
class UniformDemand(Demand):
    """Uniform demand between two bounds.

    Parameters
    ----------
    low, high : float
        Bounds, units per week.

    Raises
    ------
    ValueError
        If ``low`` is below zero or ``high`` not above it.

    Examples
    --------
    >>> UniformDemand(0.0, 20.0).expected_shortage(15.0)
    0.625
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        above(self.high, at_least(self.low, 0.0, "low"), "high")

    @property
    def mean(self) -> float:
        """Expected demand, units."""
        return 0.5 * (self.low + self.high)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of demand, units."""
        return (self.high - self.low) / sqrt(12.0)

    def cumulative(self, quantity: float) -> float:
        """Return P(D ≤ quantity)."""
        return min(max((quantity - self.low) / (self.high - self.low), 0.0), 1.0)

    def density(self, quantity: float) -> float:
        """Return the density at a quantity."""
        return 1.0 / (self.high - self.low) if self.low <= quantity <= self.high else 0.0

    def _quantile(self, probability: float) -> float:
        return self.low + probability * (self.high - self.low)

    def expected_shortage(self, quantity: float) -> float:
        """Return the loss function E[(D − quantity)⁺], units."""
        if quantity <= self.low:
            return self.mean - quantity
        return max(0.0, self.high - quantity) ** 2 / (2.0 * (self.high - self.low))


@dataclass(frozen=True)
class PoissonDemand(Demand):
    """Poisson demand, in whole units.

    Parameters
    ----------
    mean_demand : float
        Mean, units per week; 0 is certain absence of demand.

    Raises
    ------
    ValueError
        If it is below zero.

    Examples
    --------
    >>> round(PoissonDemand(4.0).expected_shortage(4.0), 6)
    0.781467
    """

    mean_demand: float

    def __post_init__(self) -> None:
        at_least(self.mean_demand, 0.0, "mean_demand")

    @property
    def mean(self) -> float:
        """Expected demand, units."""
        return float(self.mean_demand)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of demand, units."""
        return sqrt(self.mean)

    def cumulative(self, quantity: float) -> float:
        """Return P(D ≤ quantity)."""
        return float(pdtr(floor(quantity), self.mean)) if quantity >= 0.0 else 0.0

    def _at_least(self, units: int) -> float:
        """Return P(D ≥ units); accurate far out, where 1 − P(D < units) is not."""
        return float(gammainc(units, self.mean)) if units > 0 else 1.0

    def _quantile(self, probability: float) -> float:
        units = max(0, floor(self.mean + self.standard_deviation * float(ndtri(probability))) - 2)
        while units > 0 and self.cumulative(units - 1) >= probability:
            units -= 1
        while self.cumulative(units) < probability:
            units += 1
        return float(units)

    def expected_shortage(self, quantity: float) -> float:
        """Return the loss function E[(D − quantity)⁺], units."""
        units = floor(quantity)
        return self.mean * self._at_least(units) - quantity * self._at_least(units + 1)

    def over(self, weeks: int) -> PoissonDemand:
        """Return the demand of several weeks: Poisson of weeks × mean."""
        return PoissonDemand(self.mean * whole_weeks(weeks, "weeks"))
