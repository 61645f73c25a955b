"""Typed settings: fields with help and bounds, and their validation.

A field's metadata say what the setting does and which values it takes. The command line builds its
options from them; `check` validates values against them.
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
    """Declare a field with the help and bounds that library and command line share."""
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum})


def help_of(kind: type, name: str) -> str:
    """Return the help of a field of a settings class."""
    [sentence] = [entry.metadata["help"] for entry in fields(kind) if entry.name == name]
    return str(sentence)


def check(settings: Any) -> None:
    """Validate every field of a settings object against its type and bounds.

    NumPy's numbers become Python's, so that settings can be written as JSON.

    Raises:
        SettingError: a value is not allowed; the message names the field, its value and its bounds.
    """
    hints = get_type_hints(type(settings))
    for entry in fields(settings):
        name = entry.name.replace("_", "-")
        value = _checked(name, getattr(settings, entry.name), hints[entry.name], entry.metadata)
        object.__setattr__(settings, entry.name, value)  # the settings are frozen


def json_schema(kind: type) -> dict[str, Any]:
    """Describe a settings class as a JSON schema, for forms and HTTP interfaces.

    JSON Schema, draft 2020-12: an object with a property for each field, its type, default,
    bounds and help.
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
    """Describe the values of a type within bounds."""
    kind = get_origin(hint)
    if kind in (Union, UnionType):  # always of one type and None
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
    if kind in (Union, UnionType):  # always of one type and None
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
        kinds = {bool: "True or False", str: "text"}
        raise SettingError(
            f"{name} is {_shown(value)}; it must be {kinds.get(hint, hint.__name__)}"
        )
    return value


def checked_number(name: str, value: Any, number_type: type, bounds: Mapping[str, Any]) -> float:
    """Convert a value to a number of a type, within its bounds.

    Raises:
        SettingError: it is not such a number; the message begins with the name.
    """
    if isinstance(value, bool) or not isinstance(value, Integral if number_type is int else Real):
        kind = "whole number" if number_type is int else "number"
        raise SettingError(f"{name} is {_shown(value)}; it must be a {kind}")
    number = operator.index(value) if isinstance(value, Integral) else float(value)
    low = bounds["minimum"] or 0
    high = math.inf if bounds["maximum"] is None else bounds["maximum"]
    if not low <= number <= high or number == math.inf:  # no comparison holds for a NaN
        allowed = f"at least {low}" if high == math.inf else f"from {low} to {high}"
        raise SettingError(f"{name} is {number}; it must be {allowed}")
    return number


def region_weight(name: str, weight: Any) -> float:
    """Check a region's weight: the fraction of the strength that is used there, in both engines.

    Args:
        name: of the region, for the message.

    Raises:
        SettingError: it is not a number from 0 to 1.
    """
    return checked_number(f"the weight of {name}", weight, float, {"minimum": 0, "maximum": 1})


def style_weights(weights: Iterable[Any]) -> list[float]:
    """Check the weights of styles; in both engines only their ratio matters.

    Raises:
        SettingError: one is not a number from 0 to a million, or all are 0.
    """
    bounds = {"minimum": 0, "maximum": 1_000_000}
    checked = [
        checked_number(f"the weight of style {number}", weight, float, bounds)
        for number, weight in enumerate(weights, start=1)
    ]
    if not any(checked):
        raise SettingError("all styles have weight 0; give at least one a weight above 0")
    return checked


def _shown(value: Any) -> str:
    """Format a value as Python code, on one short line."""
    return " ".join(reprlib.repr(value).split())
