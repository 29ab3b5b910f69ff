"""How many members of each group a policy has in each territory: whole numbers of what is asked for.

A factor on the density of many territories at once (everywhere, or in a class of territories) asks for
b·f members where there are b, and for Σ b·f in all. Rounded to the nearest in each territory, towns with
the same b would gain or lose a member at the same f: with b = 3 in a hundred towns 0.83 is 200 stores and
0.84 is 300. Each territory therefore rounds at a place of its own,

    count_t = ⌊ b_t f + u_t ⌋ ,    u_t = frac(½ + r_t / φ) ,

with r_t the territory's rank by class and number of members, and φ the golden ratio, whose multiples fill
0 to 1 evenly in every stretch of ranks (Weyl 1916, Über die Gleichverteilung von Zahlen mod. Eins,
Mathematische Annalen 77, 313-352). So the sum follows the factor, no territory loses a member as the
factor rises, and whole b·f are exact: at f = 1 there is what the scenario has.

Limit: one territory alone, or one that is named, is rounded to the nearest (u = ½), and so are members
per territory and buyers per member, as in the scenario itself.
"""

from __future__ import annotations

import numpy as np

from channelsim.decisions import Policy
from channelsim.errors import ScenarioError
from channelsim.expansion import BuiltWorld
from channelsim.member_parts import MemberGroup
from channelsim.members import density_counts
from channelsim.tables import Floats, Integers
from channelsim.territories import by_class, check_places

GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
"""1/φ."""


def member_counts(group: MemberGroup, built: BuiltWorld, policy: Policy) -> Floats:
    """Return how many members of a group a policy has per territory; one entry for a national group.

    Raises
    ------
    ScenarioError
        If the policy says it in a way that the group does not take, or names what is no territory.
    """
    density, base = policy.density.get(group.name), own_counts(group, built)
    if density is None:
        return base
    where = f"policy {policy.name}: density.{group.name}"
    if density.scale is not None:
        if isinstance(density.scale, dict) and group.is_national:
            raise ScenarioError(f"{where}.scale: the members belong to no territory; give one number")
        if not isinstance(density.scale, dict):
            return scaled(base, density.scale, built)
        check_places(density.scale, built.territories, where)
        return _scaled_by_place(group, built, density.scale)
    if (density.count is None) != (group.count is None):
        kind = "scale, per_territory or buyers_per_member" if group.count is None else "count or scale"
        raise ScenarioError(f"{where}: the group takes {kind}")
    counts = np.floor(density_counts(group, density, built.territories) + 0.5)
    for given in (density.per_territory, density.buyers_per_member):
        check_places(given, built.territories, where)
        if isinstance(given, dict):  # places not named stay as they are
            places = zip(built.territories.names, built.territories.classes)
            counts = np.where([name in given or kind in given for name, kind in places], counts, base)
    return np.asarray(counts)


def own_counts(group: MemberGroup, built: BuiltWorld) -> Floats:
    """Return how many members of a group the scenario has per territory; one entry for a national group."""
    return np.asarray(np.floor(built.members.base_counts[group.name] + 0.5))


def scaled(counts: Floats, factor: Floats | float, built: BuiltWorld) -> Floats:
    """Return whole numbers of members, so many times as many; see the module.

    Parameters
    ----------
    counts : ndarray, shape (territories,)
        Whole numbers; of a national group one.
    factor : float or ndarray, shape (territories,)
    built : BuiltWorld
        Whose territories they are.
    """
    if len(counts) == 1:
        return np.asarray(np.floor(counts * factor + 0.5))
    ranked = np.lexsort((-counts, built.kept(_classes)))
    place = np.empty(len(counts))
    place[ranked] = (0.5 + GOLDEN * np.arange(len(counts))) % 1.0
    return np.asarray(np.floor(counts * factor + place))


def _classes(built: BuiltWorld) -> Integers:
    """Return a number for the class of each territory."""
    return np.asarray(np.unique(built.territories.classes, return_inverse=True)[1])


def _scaled_by_place(group: MemberGroup, built: BuiltWorld, scale: dict[str, float]) -> Floats:
    own, territories = own_counts(group, built), built.territories
    given = [by_class(scale, *place) for place in zip(territories.names, territories.classes)]
    factor = np.array([1.0 if found is None else found for found in given])
    named = [name in scale for name in territories.names]
    return np.where(named, np.floor(own * factor + 0.5), scaled(own, factor, built))
