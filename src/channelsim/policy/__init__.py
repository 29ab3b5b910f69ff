"""Deciding: levers, problems and searches over policies, with honest statistics."""
