"""Typed settings with defaults and bounds: one definition for library and command line.

A field's metadata says in one sentence what it does and which values it takes; the command
line makes its options from it, `__post_init__` checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict, TypeVar

from impasto.errors import SettingError
from impasto.schema import check, checked_number, setting

Quality = Literal["draft", "good", "best"]
Colour = Literal["style", "luminance", "linear", "histogram"]
Device = Literal["auto", "cpu", "cuda", "coreml", "directml"]

LARGEST = 16384
"""Long side in pixels beyond which nothing is painted."""

WORK_SIZE = 1024
"""Long side in pixels at which a photo is painted where it is not given."""

SMALLEST_TILE = 256
"""Side in pixels below which neither engine cuts a picture: tiles would be mostly surroundings."""

INIT_WORDS = ("content", "noise", "style", "fast")
"""What `init` can be besides the path of a picture."""

ALPHA = "alpha"
"""What a region's mask can be besides a picture: the photo's alpha."""

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True, kw_only=True)
class PaintSettings:
    """What an artist can ask of both engines, in the same words and within the same bounds.

    Raises:
        SettingError: a value is outside its bounds, or of the wrong type.
    """

    size: int | None = setting(
        None,
        "Long side of the painting in pixels [default: the photo's].",
        minimum=16,
        maximum=LARGEST,
    )
    strength: float = setting(
        1.0, "How much style: 0 is the photo, 1 the full style.", minimum=0, maximum=1
    )
    brush: float = setting(
        1.0,
        "Size of the brush strokes: 0.5 is finer, 2 coarser, at the same size of the picture.",
        minimum=0.1,
        maximum=4,
    )
    colour: Colour = setting(
        "style",
        "Where the colours come from: style; luminance (strokes of the style, colours of the "
        "photo); linear (the photo's colour mean and covariance); histogram (the photo's palette).",
    )
    work_size: int | None = setting(
        None,
        "Long side in pixels at which to paint at most; a larger size is reached by enlarging the "
        "painting along the edges of the photo [default: 1024].",
        minimum=32,
        maximum=LARGEST,
    )
    tile: int | None = setting(
        None,
        "Side in pixels of the tiles in which to paint, for less memory; they do not show "
        "[default: what the free memory allows].",
        minimum=SMALLEST_TILE,
        maximum=LARGEST,
    )
    threads: int | None = setting(
        None,
        "How many processor threads to compute with [default: OMP_NUM_THREADS, or one for each "
        "core].",
        minimum=1,
        maximum=1024,
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class OptimizeSettings(PaintSettings):
    """How to paint by optimization.

    Raises:
        SettingError: a value is outside its bounds, or of the wrong type.
    """

    quality: Quality = setting("good", "How many steps to spend: draft, good or best.")
    content_weight: float = setting(
        0.12, "How closely to keep the photo's content.", minimum=0, maximum=1000
    )
    style_weight: float = setting(
        1.0, "How closely to follow the style's statistics.", minimum=0, maximum=1000
    )
    tv_weight: float = setting(
        0.03, "Smoothness: weight of the total variation.", minimum=0, maximum=1000
    )
    structure_weight: float = setting(
        3.0,
        "How much of the content is a matter of how its parts differ from each other, which lets "
        "faces stay faces: relative to content-weight.",
        minimum=0,
        maximum=1000,
    )
    palette_weight: float = setting(
        0.1, "How closely to follow all colours of the style.", minimum=0, maximum=1000
    )
    tone_weight: float = setting(
        0.04,
        "How closely large areas keep the photo's light and shade, in the style's colours: plain "
        "skies stay plain.",
        minimum=0,
        maximum=1000,
    )
    style_loss: Literal["wasserstein", "gram"] = setting(
        "wasserstein", "Distance between styles: wasserstein is more painterly, gram is Gatys'."
    )
    content_layers: tuple[str, ...] = setting(("relu4_2",), "Encoder layers that hold the content.")
    style_layers: tuple[str, ...] = setting(STYLE_LAYERS, "Encoder layers that hold the style.")
    style_layer_weights: tuple[float, ...] | None = setting(
        None, "A weight for each style layer [default: equal].", minimum=0, maximum=1000
    )
    encoder: Literal["auto", "compact", "vgg16", "vgg19"] = setting(
        "auto",
        "The network that judges: vgg16; compact, which is faster; vgg19, which is fetched; auto "
        "is vgg16, and compact for the last scales of large pictures.",
    )
    pooling: Literal["max", "average"] = setting("max", "How the encoder pools.")
    first_padding: Literal["zero", "replicate"] = setting(
        "replicate", "How the encoder's first layer continues the picture past its border."
    )
    init: str = setting(
        "content",
        "The first picture: content, noise, style, fast (what stylize makes), or an image file.",
    )
    optimizer: Literal["adam", "lbfgs"] = setting("adam", "The optimization method.")
    learning_rate: float | None = setting(
        None,
        "Step size [default: for adam 0.2 at 128 pixels, 0.025 at 512; 1 for lbfgs].",
        minimum=1e-5,
        maximum=100,
    )
    steps: int | None = setting(
        None, "Steps at each scale, in place of the quality's.", minimum=1, maximum=100_000
    )
    seed: int = setting(
        0, "Seed of the first picture where that is noise.", minimum=0, maximum=2**32 - 1
    )
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto", "Numbers that the encoder computes in; auto: bfloat16 on processors made for it."
    )
    low_memory: bool = setting(
        False, "Recompute features instead of keeping them: slower, less memory."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("content_layers", "style_layers"):
            layers = getattr(self, name)
            spoken = name.replace("_", "-")
            if not layers:
                raise SettingError(f"{spoken} is empty; name at least one layer, such as relu4_1")
            if len(set(layers)) < len(layers):
                raise SettingError(f"{spoken} names a layer twice: {', '.join(layers)}")
        weights = self.style_layer_weights
        if weights is not None and len(weights) != len(self.style_layers):
            raise SettingError(
                f"style-layer-weights has {len(weights)} values for "
                f"{len(self.style_layers)} style layers; give one for each"
            )
        if weights is not None and sum(weights) == 0:
            raise SettingError("style-layer-weights are all 0; at least one must count")
        if self.style_weight == self.content_weight == 0:
            raise SettingError("style-weight and content-weight are both 0; one must count")


@dataclass(frozen=True, kw_only=True)
class StylizeSettings(PaintSettings):
    """How to paint in one pass.

    Raises:
        SettingError: a value is outside its bounds, or of the wrong type.
    """

    device: Device = setting(
        "auto", "cpu, cuda, coreml or directml; auto is the fastest that is installed."
    )


SettingsKind = TypeVar("SettingsKind", bound=PaintSettings)


def with_options(settings: SettingsKind, options: Mapping[str, Any]) -> SettingsKind:
    """Change settings by keyword arguments; `color` is another spelling of `colour`.

    Raises:
        SettingError: a value is out of bounds, or both spellings are given.
        TypeError: there is no setting of that name.
    """
    if "color" in options:
        if "colour" in options:
            raise SettingError("color and colour are the same setting; give one")
        options = {("colour" if key == "color" else key): value for key, value in options.items()}
    return replace(settings, **options)


class PaintOptions(TypedDict, total=False):
    """The fields of `PaintSettings` as keyword arguments; see `with_options`."""

    size: int | None
    strength: float
    brush: float
    colour: Colour
    color: Colour
    work_size: int | None
    tile: int | None
    threads: int | None


class StylizeOptions(PaintOptions, total=False):
    """The fields of `StylizeSettings` as keyword arguments."""

    device: Device


class OptimizeOptions(PaintOptions, total=False):
    """The fields of `OptimizeSettings` as keyword arguments."""

    quality: Quality
    content_weight: float
    style_weight: float
    tv_weight: float
    structure_weight: float
    palette_weight: float
    tone_weight: float
    style_loss: Literal["wasserstein", "gram"]
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    style_layer_weights: tuple[float, ...] | None
    encoder: Literal["auto", "compact", "vgg16", "vgg19"]
    pooling: Literal["max", "average"]
    first_padding: Literal["zero", "replicate"]
    init: str
    optimizer: Literal["adam", "lbfgs"]
    learning_rate: float | None
    steps: int | None
    seed: int
    precision: Literal["auto", "float32", "bfloat16"]
    low_memory: bool


def work_side(settings: PaintSettings, side: int, usual: int = WORK_SIZE) -> int:
    """Compute the long side in pixels at which a photo is painted, with a brush of 1.

    Args:
        settings: their `work_size` is the largest, if it is given.
        side: long side of the photo.
        usual: the largest otherwise.
    """
    return min(settings.size or side, settings.work_size or usual)


def output_quality(quality: Any) -> int | None:
    """Check the quality of a file to write; None for its format's own.

    Raises:
        SettingError: it is no whole number from 1 to 100.
    """
    bounds = {"minimum": 1, "maximum": 100}
    return None if quality is None else int(checked_number("quality", quality, int, bounds))
