"""Typed settings with defaults and bounds: one definition for library and command line.

A field's metadata say what the setting does and which values it takes. The command line builds its
options from them, and `__post_init__` validates the values.
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
"""Largest long side of a painting in pixels."""

WORK_SIZE = 1024
"""Default long side in pixels at which a photo is painted."""

SMALLEST_TILE = 256
"""Smallest side of a tile in pixels: a smaller one would be mostly overlap."""

INIT_WORDS = ("auto", "content", "noise", "style", "fast")
"""Values of `init` other than the path of a picture."""

ALPHA = "alpha"
"""The word that stands for a mask made of the photo's alpha."""

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")

STYLE_LAYER_WEIGHTS = (0.05, 0.46, 0.42, 0.06, 0.01)
"""Weights of `STYLE_LAYERS`. Contours and strokes come from relu2_1 and relu3_1. Distances at the
deepest layers stay large while the photo is recognizable; with equal weights, they cover plain
areas with grain. The weights 256, 64, 16, 4, 1 that Katherine Crowson's style-transfer-pytorch
gives to absolute distances come to about these."""


@dataclass(frozen=True, kw_only=True)
class PaintSettings:
    """Settings of both engines, with the same names and bounds.

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
        1.0, "How much style: 0 leaves the photo, 1 is the full style.", minimum=0, maximum=1
    )
    brush: float = setting(
        1.0,
        "Size of the brush strokes: 0.5 is finer, 2 is coarser.",
        minimum=0.1,
        maximum=4,
    )
    colour: Colour = setting(
        "style",
        "Where the colours come from: style; luminance (the photo's colours with the strokes of "
        "the style); linear (the photo's mean colour and covariance); histogram (the photo's "
        "palette).",
    )
    contrast: float = setting(
        0.15,
        "Colours of a style whose lightness has a smaller standard deviation than this are "
        "stretched to it, at most to the photo's and at most twofold; 0 leaves them unchanged.",
        minimum=0,
        maximum=0.5,
    )
    work_size: int | None = setting(
        None,
        "Largest long side in pixels at which to paint; a larger painting is made by enlarging "
        "this one, sharp along the edges of the photo [default: 1024 for optimize; 640, and a "
        "second pass at a larger size, for stylize].",
        minimum=32,
        maximum=LARGEST,
    )
    tile: int | None = setting(
        None,
        "Side in pixels of the tiles in which to paint, to save memory; no seams are visible "
        "[default: as large as the free memory allows].",
        minimum=SMALLEST_TILE,
        maximum=LARGEST,
    )
    threads: int | None = setting(
        None,
        "Number of processor threads [default: OMP_NUM_THREADS, or one for each core].",
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

    quality: Quality = setting("good", "Number of steps: draft, good or best.")
    content_weight: float = setting(
        0.02, "How closely to keep the photo's content.", minimum=0, maximum=1000
    )
    style_weight: float = setting(
        1.0, "How closely to follow the style's statistics.", minimum=0, maximum=1000
    )
    tv_weight: float = setting(
        0.03, "Smoothness: weight of the total variation.", minimum=0, maximum=1000
    )
    structure_weight: float = setting(
        2.0,
        "How closely to keep the relations between parts of the photo, which preserves faces; "
        "relative to content-weight.",
        minimum=0,
        maximum=1000,
    )
    palette_weight: float = setting(
        0.1, "How closely to follow all colours of the style.", minimum=0, maximum=1000
    )
    tone_weight: float = setting(
        0.04,
        "How closely large areas keep the photo's light and shade: plain skies stay plain.",
        minimum=0,
        maximum=1000,
    )
    style_loss: Literal["wasserstein", "gram"] = setting(
        "wasserstein", "Distance between styles: wasserstein (more painterly) or gram (Gatys')."
    )
    content_layers: tuple[str, ...] = setting(
        ("relu4_2",), "Encoder layers that represent the content."
    )
    style_layers: tuple[str, ...] = setting(
        STYLE_LAYERS, "Encoder layers that represent the style."
    )
    style_layer_weights: tuple[float, ...] | None = setting(
        None,
        "A weight for each style layer [default: 0.05,0.46,0.42,0.06,0.01; equal for layers that "
        "you chose].",
        minimum=0,
        maximum=1000,
    )
    encoder: Literal["auto", "compact", "vgg16", "vgg19"] = setting(
        "auto",
        "The network that judges the painting: vgg16; compact (faster); vgg19 (downloaded); or "
        "auto, which is vgg16, then compact for the last scales of large pictures.",
    )
    pooling: Literal["max", "average"] = setting("max", "How the encoder pools: max or average.")
    first_padding: Literal["zero", "replicate"] = setting(
        "replicate", "How the encoder's first layer pads the picture: zero or replicate."
    )
    init: str = setting(
        "auto",
        "The first picture: content, noise, style, fast (the result of stylize, nearer the photo "
        "with a larger content-weight), an image file, or auto (content if quality is best, "
        "otherwise fast).",
    )
    optimizer: Literal["adam", "lbfgs"] = setting("adam", "Optimization method: adam or lbfgs.")
    learning_rate: float | None = setting(
        None,
        "Step size [default: for adam 0.2 at 128 pixels, 0.025 at 512, and with init fast at first "
        "half of that; 1 for lbfgs].",
        minimum=1e-5,
        maximum=100,
    )
    steps: int | None = setting(
        None, "Steps at each scale, instead of those of the quality.", minimum=1, maximum=100_000
    )
    seed: int = setting(0, "Seed of the noise, with init noise.", minimum=0, maximum=2**32 - 1)
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto", "Number format of the encoder; auto is bfloat16 on processors that support it."
    )
    low_memory: bool = setting(
        False, "Recompute features instead of keeping them: slower, but needs less memory."
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
            raise SettingError("style-layer-weights are all 0; make at least one larger")
        if self.style_weight == self.content_weight == 0:
            raise SettingError("style-weight and content-weight are both 0; make one larger")

    @property
    def layer_weights(self) -> tuple[float, ...]:
        """The weights in use: those given, or the default layers' own, or equal ones."""
        if self.style_layer_weights is not None:
            return self.style_layer_weights
        if self.style_layers == STYLE_LAYERS:
            return STYLE_LAYER_WEIGHTS
        return (1.0,) * len(self.style_layers)


@dataclass(frozen=True, kw_only=True)
class StylizeSettings(PaintSettings):
    """How to paint in one pass.

    Raises:
        SettingError: a value is outside its bounds, or of the wrong type.
    """

    device: Device = setting(
        "auto", "cpu, cuda, coreml or directml; auto is the fastest one installed."
    )


SettingsKind = TypeVar("SettingsKind", bound=PaintSettings)


def with_options(settings: SettingsKind, options: Mapping[str, Any]) -> SettingsKind:
    """Replace settings by keyword arguments; `color` is another spelling of `colour`.

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
    contrast: float
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
        settings: their `work_size` is the upper bound, if it is set.
        side: long side of the photo.
        usual: the upper bound otherwise.
    """
    return min(settings.size or side, settings.work_size or usual)


def output_quality(quality: Any) -> int | None:
    """Check the quality of an output file; None is the format's default.

    Raises:
        SettingError: it is not a whole number from 1 to 100.
    """
    bounds = {"minimum": 1, "maximum": 100}
    return None if quality is None else int(checked_number("quality", quality, int, bounds))
