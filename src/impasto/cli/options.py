"""Build command-line options from settings, so that library and command line stay the same."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import typer

from impasto.errors import SettingError

ADVANCED = "Advanced"
"""The help panel of less common options."""

Settings = TypeVar("Settings")
Command = TypeVar("Command", bound=Callable[..., Any])


def with_settings(kind: type, first: Collection[str]) -> Callable[[Command], Command]:
    """Give a command an option for every field of a settings class.

    The command receives them as `**options`; `settings_from` converts them to settings.

    Args:
        kind: a dataclass with fields made by `schema.setting`.
        first: fields for the first help panel; the others are in `ADVANCED`.
    """

    def decorate(command: Command) -> Command:
        hints = get_type_hints(kind)
        options = [_parameter(f, hints[f.name], f.name in first) for f in fields(kind)]
        written = inspect.signature(command, eval_str=True).parameters.values()
        every = [p for p in written if p.kind is not p.VAR_KEYWORD] + options
        command.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in every}
        return command

    return decorate


def settings_from(kind: type[Settings], options: Mapping[str, Any]) -> Settings:
    """Build settings from the options of a command.

    Raises:
        SettingError: a value is outside its bounds, or not a number.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _value(name, hints[name], word) for name, word in options.items()})


def _parameter(entry: "Field[Any]", hint: Any, is_first: bool) -> inspect.Parameter:
    """Build the parameter that Typer converts to an option."""
    default: Any = entry.default
    plain = _plain(hint)
    option: dict[str, Any] = {
        "help": entry.metadata["help"],
        "rich_help_panel": None if is_first else ADVANCED,
        "show_default": default is not None and plain is not bool,
    }
    if plain in (int, float):
        option |= {"min": entry.metadata["minimum"], "max": entry.metadata["maximum"]}
    if get_origin(plain) is tuple:
        plain, default = str, None if default is None else ",".join(map(str, default))
        option["metavar"] = "A,B,..."
    name = f"--{entry.name.replace('_', '-')}"
    spellings = dict.fromkeys((name, name.replace("colour", "color")))
    return inspect.Parameter(
        entry.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Option(default, *spellings, **option),
        annotation=plain | None if default is None else plain,
    )


def _plain(hint: Any) -> Any:
    """Remove `| None` from a type."""
    alternatives = [part for part in get_args(hint) if part is not NoneType]
    return alternatives[0] if NoneType in get_args(hint) else hint


def _value(name: str, hint: Any, word: Any) -> Any:
    """Split a comma-separated list into a tuple; return other values as they are."""
    plain = _plain(hint)
    if get_origin(plain) is not tuple or word is None:
        return word
    kind = get_args(plain)[0]
    try:
        return tuple(kind(part.strip()) for part in word.split(",") if part.strip())
    except ValueError:
        option = name.replace("_", "-")
        raise SettingError(f"{option} is {word!r}; it must be numbers, such as 1,0.5") from None
