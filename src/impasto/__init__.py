"""impasto turns photos into paintings.

import impasto

painting = impasto.optimize("photo.jpg", style="wave.jpg")
painting.save("painting.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto._version import __version__

if TYPE_CHECKING:
    from impasto.api import (
        Painter,
        Painting,
        Region,
        Step,
        StyleStep,
        load_style,
        optimize,
        optimize_steps,
        save_style,
        stylize,
        train_style,
        train_style_steps,
    )
    from impasto.errors import (
        DeviceError,
        ImpastoError,
        InputError,
        MissingExtraError,
        OutputError,
        SettingError,
        WeightsError,
    )
    from impasto.settings import OptimizeSettings, StylizeSettings
    from impasto.styles.embedding import Style, blend, interpolate

__all__ = [
    "DeviceError",
    "ImpastoError",
    "InputError",
    "MissingExtraError",
    "OptimizeSettings",
    "OutputError",
    "Painter",
    "Painting",
    "Region",
    "SettingError",
    "Step",
    "Style",
    "StyleStep",
    "StylizeSettings",
    "WeightsError",
    "__version__",
    "blend",
    "interpolate",
    "load_style",
    "optimize",
    "optimize_steps",
    "save_style",
    "stylize",
    "train_style",
    "train_style_steps",
]

_HOMES = {
    "impasto.api": (
        "Painter",
        "Painting",
        "Region",
        "Step",
        "StyleStep",
        "load_style",
        "optimize",
        "optimize_steps",
        "save_style",
        "stylize",
        "train_style",
        "train_style_steps",
    ),
    "impasto.errors": (
        "DeviceError",
        "ImpastoError",
        "InputError",
        "MissingExtraError",
        "OutputError",
        "SettingError",
        "WeightsError",
    ),
    "impasto.settings": ("OptimizeSettings", "StylizeSettings"),
    "impasto.styles.embedding": ("Style", "blend", "interpolate"),
}


def __getattr__(name: str) -> Any:
    """Public names are imported at their first use: `import impasto` takes no time."""
    for home, names in _HOMES.items():
        if name in names:
            globals()[name] = value = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
