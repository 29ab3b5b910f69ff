"""Seasons of uncertain demand for tests of contracts with a newsvendor: the theory's beside scipy's."""

from scipy.stats import expon, gamma, norm, uniform

from channelsim.theory.contracts_of_the_newsvendor import NewsvendorChannel
from channelsim.theory.uncertain_demand import ExponentialDemand, GammaDemand, NormalDemand, UniformDemand

PRICE, COST, SALVAGE = 10.0, 4.0, 2.0
MARKETS = [
    (UniformDemand(20.0, 120.0), uniform(20.0, 100.0)),
    (GammaDemand(60.0, 30.0), gamma(4.0, scale=15.0)),
    (ExponentialDemand(50.0), expon(scale=50.0)),
    (NormalDemand(80.0, 12.0), norm(80.0, 12.0)),
]
"""Demand, and the same distribution by another hand."""
CHANNEL = NewsvendorChannel(UniformDemand(0.0, 100.0), PRICE, COST, SALVAGE)
NORMAL = NewsvendorChannel(NormalDemand(80.0, 12.0), PRICE, COST, SALVAGE)
