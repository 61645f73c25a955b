"""Settings as fields of a form: parse their texts, and describe the form by a JSON schema."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from impasto.errors import SettingError
from impasto.schema import json_schema
from impasto.settings import PaintSettings

Settings = TypeVar("Settings", bound=PaintSettings)

_BOOLEANS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}

Schema = dict[str, Any]


def settings_from(kind: type[Settings], texts: Mapping[str, Sequence[str]]) -> Settings:
    """Build settings from the fields of a form; a setting without a text has its default.

    Args:
        kind: class of the settings.
        texts: of all fields, by name; a setting with several values takes several fields, or
            one field with commas.

    Raises:
        SettingError: a value is outside its bounds, or of the wrong type.
    """
    hints = get_type_hints(kind)
    given = {name: [text for text in texts.get(name, ()) if text.strip()] for name in hints}
    values = {name: value_of(name, hints[name], words) for name, words in given.items() if words}
    return kind(**values)


def value_of(name: str, hint: Any, texts: Sequence[str]) -> Any:
    """Convert the texts of a field to a value of a type.

    Raises:
        SettingError: the text is not such a value, or there are several where one is expected.
    """
    if get_origin(hint) in (Union, UnionType):
        [hint] = [part for part in get_args(hint) if part is not NoneType]
    if get_origin(hint) is tuple:
        words = [word for text in texts for word in text.split(",") if word.strip()]
        return tuple(value_of(name, get_args(hint)[0], [word]) for word in words)
    if len(texts) > 1:
        raise SettingError(f"{_spoken(name)} is given {len(texts)} times; give it once")
    text = texts[0].strip()
    if hint is bool:
        if text.lower() not in _BOOLEANS:
            raise SettingError(f"{_spoken(name)} is {text[:40]!r}; it must be true or false")
        return _BOOLEANS[text.lower()]
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            wanted = "whole number" if hint is int else "number"
            raise SettingError(f"{_spoken(name)} is {text[:40]!r}; it must be a {wanted}") from None
    return text


def check_names(given: Sequence[str], known: Sequence[str]) -> None:
    """Check that every field of a form is known, because a misspelt one must not be ignored.

    Raises:
        SettingError: a field is unknown; the message suggests a similar one.
    """
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise SettingError(f"there is no field {name[:40]!r}; {hint}")


def form_schema(
    kind: type[PaintSettings], more: Mapping[str, Schema], required: Sequence[str]
) -> Schema:
    """Describe a form as a JSON schema: the fields of `more`, and one for each setting."""
    settings = json_schema(kind)["properties"]
    return {
        "type": "object",
        "properties": {**more, **{name: _form_field(settings[name]) for name in settings}},
        "required": list(required),
        "additionalProperties": False,
    }


def _form_field(schema: Schema) -> Schema:
    """Describe a setting as a field, which may be absent but not null."""
    alternatives = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    told = {key: value for key, value in schema.items() if key != "anyOf"}
    if told["default"] is None:
        del told["default"]
    return {**told, **(alternatives[0] if alternatives else {})}


def names_of(kind: type[PaintSettings]) -> list[str]:
    """List the names of the settings."""
    return [entry.name for entry in fields(kind)]


def _spoken(name: str) -> str:
    return name.replace("_", "-")
