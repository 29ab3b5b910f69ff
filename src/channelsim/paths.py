"""Addresses inside plain data: ``members.stores.loyalty`` (list items by name or position)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from channelsim.errors import ScenarioError


def _item(items: list[Any], key: str, path: str) -> int:
    for i, item in enumerate(items):
        if isinstance(item, dict) and item.get("name") == key:
            return i
    if key.isdigit() and int(key) < len(items):
        return int(key)
    names = [str(item["name"]) for item in items if isinstance(item, dict) and "name" in item]
    known = ", ".join(names) if names else f"positions 0 to {len(items) - 1}"
    raise ScenarioError(f"{path}: {key!r} is not there; admissible: {known}")


def assign(data: dict[str, Any], path: str, value: Any, model: type[BaseModel]) -> None:
    """Set the value at a path of plain data that `model` describes, in place.

    Raises
    ------
    ScenarioError
        If the path leads nowhere.
    """
    keys = path.replace("__", ".").split(".")
    place: Any = data
    kind: Any = model
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(place, list):
            key_at: Any = _item(place, key, path)
            kind = kind if isinstance(kind, type) else None
        else:
            fields = getattr(kind, "model_fields", None)
            if fields is not None and key not in fields:
                near = get_close_matches(key, fields, 3) or sorted(fields)
                raise ScenarioError(f"{path}: no field {key!r}; admissible: {', '.join(near)}")
            kind = _part_of(fields[key].annotation) if fields is not None else None
            key_at = key
        if last:
            place[key_at] = value
        else:
            if isinstance(place, dict) and key_at not in place:
                place[key_at] = {}
            place = place[key_at]
            if not isinstance(place, dict | list):
                raise ScenarioError(f"{path}: {'.'.join(keys[: depth + 1])} is a value, not a part")


def _part_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
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


def one_line(error: ValidationError, data: Any) -> str:
    """Return the first problem of a validation as one line: which field, which value, what is admissible."""
    problem = error.errors(include_url=False)[0]
    where, place = "", data
    for key in problem["loc"]:
        if isinstance(key, str) and (key.startswith(("function-", "float", "Distribution", "dict[", "int", "str")) and not
                                     (isinstance(place, dict) and key in place)):
            continue
        if isinstance(key, int) and isinstance(place, list) and key < len(place):
            name = place[key].get("name") if isinstance(place[key], dict) else None
            where += f".{name}" if name else f"[{key}]"
        else:
            where += f".{key}"
        try:
            place = place[key]
        except (KeyError, IndexError, TypeError):
            place = None
    where = where.lstrip(".")
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown field; the reference page lists the fields"
    if problem["type"] == "missing":
        return f"{where}: missing"
    if not where:
        return message
    shown = repr(problem["input"])
    return f"{where} = {shown if len(shown) < 60 else shown[:57] + '...'}: {message[0].lower()}{message[1:]}"
