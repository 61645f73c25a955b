"""Typed settings with defaults and bounds: one definition for library and command line.

A field's metadata says in one sentence what it does and which values it takes; the command
line makes its options from it, `__post_init__` checks it.
"""

import math
import typing
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from impasto.errors import SettingError

Quality = Literal["draft", "good", "best"]

INIT_WORDS = ("content", "noise", "style")
"""What `init` can be besides the path of a picture."""

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def setting(
    default: Any, help: str, *, minimum: float | None = None, maximum: float | None = None
) -> Any:
    """A dataclass field with the sentence and the bounds that library and command line share."""
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, kw_only=True)
class OptimizeSettings:
    """How to paint by optimization.

    Raises:
        SettingError: a value is outside its bounds, or of the wrong type.
    """

    size: int | None = setting(
        None,
        "Long side of the picture in pixels [default: the photo's, at most 1024].",
        minimum=32,
        maximum=16384,
    )
    quality: Quality = setting("good", "How many steps to spend: draft, good or best.")
    strength: float = setting(
        1.0, "How much style: 0 is the photo, 1 the full style.", minimum=0, maximum=1
    )
    style_scale: float = setting(
        1.0,
        "Size of the style's brush strokes, relative to the picture's size.",
        minimum=0.1,
        maximum=4,
    )
    content_weight: float = setting(
        1.0, "How closely to keep the photo's content.", minimum=0, maximum=1000
    )
    style_weight: float = setting(
        1.0, "How closely to follow the style's statistics.", minimum=0, maximum=1000
    )
    tv_weight: float = setting(
        0.02, "Smoothness: weight of the total variation.", minimum=0, maximum=1000
    )
    style_loss: Literal["wasserstein", "gram"] = setting(
        "wasserstein", "Distance between styles: wasserstein is more painterly, gram is Gatys'."
    )
    content_layers: tuple[str, ...] = setting(
        ("relu4_2",), "Encoder layers that hold the content."
    )
    style_layers: tuple[str, ...] = setting(STYLE_LAYERS, "Encoder layers that hold the style.")
    style_layer_weights: tuple[float, ...] | None = setting(
        None, "A weight for each style layer [default: equal].", minimum=0, maximum=1000
    )
    encoder: Literal["compact", "vgg16", "vgg19"] = setting(
        "compact", "The network that judges: compact ships with impasto, the others are fetched."
    )
    pooling: Literal["max", "average"] = setting("max", "How the encoder pools.")
    first_padding: Literal["zero", "replicate"] = setting(
        "replicate", "How the encoder's first layer continues the picture past its border."
    )
    init: str = setting("content", "The first picture: content, noise, style, or an image file.")
    optimizer: Literal["adam", "lbfgs"] = setting("adam", "The optimization method.")
    learning_rate: float | None = setting(
        None, "Step size [default: 0.03 for adam, 1 for lbfgs].", minimum=1e-5, maximum=100
    )
    steps: int | None = setting(
        None, "Steps at each scale, in place of the quality's.", minimum=1, maximum=100_000
    )
    seed: int = setting(
        0, "Seed of the noise that --init noise starts from.", minimum=0, maximum=2**63 - 1
    )
    low_memory: bool = setting(
        False, "Recompute features instead of keeping them: slower, less memory."
    )

    def __post_init__(self) -> None:
        check(self)
        weights = self.style_layer_weights
        if weights is not None and len(weights) != len(self.style_layers):
            raise SettingError(
                f"style_layer_weights has {len(weights)} values for "
                f"{len(self.style_layers)} style layers; give one for each"
            )
        if weights is not None and sum(weights) == 0:
            raise SettingError("style_layer_weights are all 0; at least one must count")
        for name in ("content_layers", "style_layers"):
            if not getattr(self, name):
                raise SettingError(f"{name} is empty; name at least one layer, such as relu4_1")


def check(settings: Any) -> None:
    """Compares every field of a settings object with its type and its bounds.

    Raises:
        SettingError: naming the field, the value and what it may be.
    """
    hints = get_type_hints(type(settings))
    for entry in fields(settings):
        value = getattr(settings, entry.name)
        options = _options(hints[entry.name])
        if value is None and type(None) in options:
            continue
        name = entry.name.replace("_", "-")
        for choice in (o for o in options if get_origin(o) is Literal):
            if value not in get_args(choice):
                words = ", ".join(map(str, get_args(choice)))
                raise SettingError(f"{name} is {value!r}; it can be: {words}")
        for number in value if isinstance(value, tuple) else (value,):
            _check_number(name, number, options, entry.metadata)


def _check_number(name: str, value: Any, options: tuple[Any, ...], bounds: Any) -> None:
    low, high = bounds["minimum"], bounds["maximum"]
    if low is None and high is None:
        return
    wanted = int if int in options else float
    if isinstance(value, bool) or not isinstance(value, int if wanted is int else (int, float)):
        kind = "whole number" if wanted is int else "number"
        raise SettingError(f"{name} is {value!r}; it must be a {kind}")
    if not math.isfinite(value) or value < (low or 0) or (high is not None and value > high):
        upper = "" if high is None else f" and at most {high:g}"
        raise SettingError(f"{name} is {value:g}; it must be at least {low or 0:g}{upper}")


def _options(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a type: `int | None` gives (int, NoneType)."""
    if get_origin(hint) is Literal:
        return (hint,)
    if typing.get_origin(hint) is tuple:
        return get_args(hint)
    return get_args(hint) or (hint,)
