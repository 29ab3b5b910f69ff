"""Stylised facts of channel theory: what carries each in the model, and what is left without it."""

from channelsim.facts.differences import Difference, Effort, Fact
from channelsim.facts.table import FACTS, measure

__all__ = ["FACTS", "Difference", "Effort", "Fact", "measure"]
