"""Typed settings: fields with a sentence of help and bounds, and their validation.

A field's metadata says in one sentence what it does and which values it takes; the command
line makes its options from it, `check` compares the values with it.
"""

import math
import operator
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from numbers import Integral, Real
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from impasto.errors import SettingError


def setting(
    default: Any, help: str, *, minimum: float | None = None, maximum: float | None = None
) -> Any:
    """Declare a field with the sentence and the bounds that library and command line share."""
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum})


def help_of(kind: type, name: str) -> str:
    """Find the sentence that says what a field of a settings class does."""
    [told] = [entry.metadata["help"] for entry in fields(kind) if entry.name == name]
    return str(told)


def check(settings: Any) -> None:
    """Compare every field of a settings object with its type and its bounds.

    Numbers of NumPy's become Python's, so that settings can be written as JSON.

    Raises:
        SettingError: naming the field, the value and what it may be.
    """
    hints = get_type_hints(type(settings))
    for entry in fields(settings):
        name = entry.name.replace("_", "-")
        value = _checked(name, getattr(settings, entry.name), hints[entry.name], entry.metadata)
        object.__setattr__(settings, entry.name, value)  # the settings are frozen


def json_schema(kind: type) -> dict[str, Any]:
    """Describe a settings class as a JSON schema, for forms and HTTP interfaces.

    JSON Schema, draft 2020-12: an object with a property for each field, its type, default,
    bounds and sentence of help.
    """
    hints = get_type_hints(kind)
    properties = {}
    for entry in fields(kind):
        schema = _type_schema(hints[entry.name], entry.metadata)
        properties[entry.name] = schema | {
            "default": list(entry.default) if isinstance(entry.default, tuple) else entry.default,
            "description": entry.metadata["help"],
        }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _type_schema(hint: Any, bounds: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what values of a type, within bounds, there are."""
    kind = get_origin(hint)
    if kind in (Union, UnionType):  # of one type and None, here
        return {"anyOf": [_type_schema(get_args(hint)[0], bounds), {"type": "null"}]}
    if kind is tuple:
        return {"type": "array", "items": _type_schema(get_args(hint)[0], bounds)}
    if kind is Literal:
        return {"enum": list(get_args(hint))}
    if hint in (int, float):
        limits = {key: bounds[key] for key in ("minimum", "maximum") if bounds[key] is not None}
        return {"type": "integer" if hint is int else "number"} | limits
    return {"type": {bool: "boolean", str: "string"}[hint]}


def _checked(name: str, value: Any, hint: Any, bounds: Mapping[str, Any]) -> Any:
    """Check a value against a type and its bounds."""
    kind = get_origin(hint)
    if kind in (Union, UnionType):  # of one type and None, here
        return None if value is None else _checked(name, value, get_args(hint)[0], bounds)
    if hint in (int, float):
        return checked_number(name, value, hint, bounds)
    if kind is tuple:
        if not isinstance(value, tuple):
            raise SettingError(f"{name} is {_shown(value)}; it must be a tuple")
        return tuple(_checked(name, part, get_args(hint)[0], bounds) for part in value)
    if kind is Literal:
        if not isinstance(value, str) or value not in get_args(hint):
            words = ", ".join(map(str, get_args(hint)))
            raise SettingError(f"{name} is {_shown(value)}; it can be: {words}")
    elif not isinstance(value, hint):
        kinds = {bool: "True or False", str: "a text"}
        raise SettingError(
            f"{name} is {_shown(value)}; it must be {kinds.get(hint, hint.__name__)}"
        )
    return value


def checked_number(name: str, value: Any, wanted: type, bounds: Mapping[str, Any]) -> float:
    """Convert a value to a number of the wanted type, within its bounds.

    Raises:
        SettingError: it is no such number; the message begins with the name.
    """
    if isinstance(value, bool) or not isinstance(value, Integral if wanted is int else Real):
        kind = "whole number" if wanted is int else "number"
        raise SettingError(f"{name} is {_shown(value)}; it must be a {kind}")
    number = operator.index(value) if isinstance(value, Integral) else float(value)
    low = bounds["minimum"] or 0
    high = math.inf if bounds["maximum"] is None else bounds["maximum"]
    if not low <= number <= high or number == math.inf:  # no comparison holds for a NaN
        upper = "" if high == math.inf else f" and at most {high}"
        raise SettingError(f"{name} is {number}; it must be at least {low}{upper}")
    return number


def region_weight(name: str, weight: Any) -> float:
    """Check a region's weight: how much of the strength is used there, in both engines.

    Args:
        name: of the region, for the message.

    Raises:
        SettingError: it is no number from 0 to 1.
    """
    return checked_number(f"the weight of {name}", weight, float, {"minimum": 0, "maximum": 1})


def style_weights(weights: Iterable[Any]) -> list[float]:
    """Check the weights of styles: only their ratio matters, in both engines.

    Raises:
        SettingError: one is no number from 0 to a million, or none is above 0.
    """
    bounds = {"minimum": 0, "maximum": 1_000_000}
    checked = [
        checked_number(f"the weight of style {number}", weight, float, bounds)
        for number, weight in enumerate(weights, start=1)
    ]
    if not any(checked):
        raise SettingError("there is no style with a weight above 0; name at least one")
    return checked


def _shown(value: Any) -> str:
    """Write a value as a programmer does, on one line and not too long."""
    return " ".join(reprlib.repr(value).split())
