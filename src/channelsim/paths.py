"""Addresses inside plain data: ``members.stores.loyalty`` (list items by name or position)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from channelsim.errors import ScenarioError


def _item(items: list[Any], key: str, path: str) -> int:
    """Return the position of the list item of that name, or at that position."""
    for i, item in enumerate(items):
        if isinstance(item, dict) and item.get("name") == key:
            return i
    if key.isdigit() and int(key) < len(items):
        return int(key)
    names = [str(item["name"]) for item in items if isinstance(item, dict) and "name" in item]
    known = ", ".join(names) or (f"positions 0 to {len(items) - 1}" if items else "none, the list is empty")
    raise ScenarioError(f"{path}: {key!r} is not there; admissible: {known}")


def read(data: Any, path: str) -> Any:
    """Return the value at a path of plain data, None where a table has no such key.

    Raises
    ------
    ScenarioError
        If the path names a list item that is not there, or leads through a value.
    """
    place = data
    for key in path.split("."):
        if isinstance(place, list):
            place = place[_item(place, key, path)]
        elif isinstance(place, dict):
            place = place.get(key)
        else:
            raise ScenarioError(f"{path}: nothing is at {key!r}")
    return place


def assign(
    data: dict[str, Any],
    path: str,
    value: Any,
    model: type[BaseModel] | None = None,
    extend: bool = False,
) -> None:
    """Set the value at a path of plain data, in place.

    Parameters
    ----------
    data : dict
    path : str
        Keys joined by dots; without a dot, double underscores join them, as in a keyword.
    value
    model : type
        The pydantic model of the data, by which fields are checked.
    extend : bool
        Whether a position makes a list where there is none, and one past its end a new item.

    Raises
    ------
    ScenarioError
        If the path leads nowhere.
    """
    keys = path.split(".") if "." in path else path.split("__")
    place: Any = data
    kind: Any = model
    for depth, key in enumerate(keys):
        if isinstance(place, list):
            if extend and key == str(len(place)):
                place.append({})
            key_at: Any = _item(place, key, path)
        elif isinstance(place, dict):
            fields = getattr(kind, "model_fields", None)
            if fields is not None and key not in fields:
                near = get_close_matches(key, fields, 3) or sorted(fields)
                raise ScenarioError(f"{path}: no field {key!r}; admissible: {', '.join(near)}")
            kind = _part_of(fields[key].annotation) if fields is not None else None
            key_at = key
        else:
            raise ScenarioError(f"{path}: {'.'.join(keys[:depth])} is a value, not a part")
        if depth == len(keys) - 1:
            place[key_at] = value
            return
        if isinstance(place, dict) and place.get(key_at) is None:
            place[key_at] = [] if extend and keys[depth + 1].isdigit() else {}
        place = place[key_at]


def part_of(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    """Return the model that a field of a model holds, if any."""
    declared = model.model_fields.get(field)
    return _part_of(declared.annotation) if declared else None


def _part_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation such as ``list[Model]`` or ``float | Model`` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _part_of(inner)
        if found is not None:
            return found
    return None


def differences(here: Any, there: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Return ``{path: (value here, value there)}`` of all leaves in which two plain data differ."""
    if isinstance(here, dict) and isinstance(there, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key in sorted(here.keys() | there.keys()):
            found |= differences(here.get(key), there.get(key), f"{path}.{key}" if path else key)
        return found
    if isinstance(here, list) and isinstance(there, list) and _named(here) and _named(there):
        return differences({i["name"]: i for i in here}, {i["name"]: i for i in there}, path)
    return {} if here == there else {path: (here, there)}


def _named(items: list[Any]) -> bool:
    names = [item.get("name") for item in items if isinstance(item, dict)]
    return len(names) == len(items) and None not in names and len(set(names)) == len(names)


def one_line(error: ValidationError, data: Any, model: type[BaseModel]) -> str:
    """Return the first problem of a validation as one line: which field, which value, what is admissible."""
    problems = error.errors(include_url=False)
    first, _ = _address(problems[0], data)
    # A field of several types has a problem with each: the one that leads deepest is about what was written.
    related = [p for p in problems if _address(p, data)[0][: len(first)] == first]
    problem = max(related, key=lambda p: (len(_address(p, data)[0]), not p["type"].endswith("_type")))
    steps, place = _address(problem, data)
    where = ".".join(steps).replace(".[", "[")
    message = " ".join(problem["msg"].removeprefix("Value error, ").split())
    if problem["type"] == "extra_forbidden":
        fields = _fields_at(problem, data, model)
        near = get_close_matches(steps[-1], fields, 3) or fields
        return f"{where}: unknown field; admissible: {', '.join(near)}"
    if problem["type"] == "missing":
        return f"{where}: missing"
    if not where:
        return message
    same = [p for p in related if _address(p, data)[0] == steps and p["type"].endswith("_type")]
    if len(same) > 1 and not isinstance(place, dict | list):
        message = " or ".join(dict.fromkeys(" ".join(p["msg"].split()) for p in same))
    message = message.replace(" or Input should be ", " or ").replace("Input should be", "must be")
    shown = " ".join(repr(problem["input"]).split())
    shown = shown if len(shown) < 60 else shown[:57] + "..."
    return f"{where} = {shown}: {message[0].lower()}{message[1:]}"


def _fields_at(problem: Any, data: Any, model: type[BaseModel]) -> list[str]:
    """Return the fields that the part around the last step of a problem's address has."""
    kind, place = model, data
    for key in problem["loc"][:-1]:
        held = vars(place) if isinstance(place, BaseModel) else place
        if isinstance(held, dict) and key in held:
            place = held[key]
            field = kind.model_fields.get(str(key))
            kind = (_part_of(field.annotation) if field else None) or kind
        elif isinstance(held, list) and isinstance(key, int):
            place = held[key]
    return sorted(kind.model_fields)


def _address(problem: Any, data: Any) -> tuple[tuple[str, ...], Any]:
    """Return the steps to the field of a problem, list items by name, and what stands there.

    pydantic's own location also names the alternatives of a union, which are no part of the data.
    """
    steps: list[str] = []
    place, last = data, len(problem["loc"]) - 1
    for depth, key in enumerate(problem["loc"]):
        held = vars(place) if isinstance(place, BaseModel) else place
        if isinstance(held, dict) and key in held:
            steps.append(str(key))
            place = held[key]
        elif isinstance(held, list) and isinstance(key, int) and key < len(held):
            item = held[key]
            name = item.get("name") if isinstance(item, dict) else getattr(item, "name", None)
            steps.append(str(name) if name else f"[{key}]")
            place = item
        elif depth == last and problem["type"] == "missing":
            steps.append(str(key))
    return tuple(steps), place
