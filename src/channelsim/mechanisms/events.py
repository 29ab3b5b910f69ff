"""Events: dated changes of exogenous columns (price shocks, supply disruptions, demand collapse; T32).

An event is (first week, duration, selector, column, set | add | multiply, value), resolved to cells of
the flat state when the world is built. In a week in which any event begins or ends, every touched cell
returns to its base value and the events in force are applied in their order: events are undone by
recomputing, never by inverse operations. A column stays within its bounds. They reach declared exogenous
columns only, never stock or cash, and no other mechanism knows of them.

Limit: without events the step is left out of the week.
"""

from __future__ import annotations

from channelsim.compiled import rule
from channelsim.tables import State, Terms, World

SET, ADD, MULTIPLY = 0, 1, 2


@rule
def apply_events(week: int, world: World, terms: Terms, state: State) -> None:
    """Settle the exogenous columns of this week."""
    events, values = world.events, world.event_values
    changes = False
    for k in range(events.shape[0]):
        if events[k, 0] == week or events[k, 1] == week:
            changes = True
    if not changes:
        return
    for k in range(events.shape[0]):
        state.flat[events[k, 3]] = terms.base[events[k, 3]]
    for k in range(events.shape[0]):
        if events[k, 0] <= week < events[k, 1]:
            cell, value = events[k, 3], values[k, 0]
            if events[k, 2] == ADD:
                value += state.flat[cell]
            elif events[k, 2] == MULTIPLY:
                value *= state.flat[cell]
            state.flat[cell] = min(max(value, values[k, 1]), values[k, 2])
