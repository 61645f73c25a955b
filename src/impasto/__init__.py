"""impasto turns photos into paintings.

import impasto

painting = impasto.optimize("photo.jpg", style="wave.jpg")
painting.save("painting.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto._version import __version__

if TYPE_CHECKING:
    from impasto.api.painter import Painter, stylize
    from impasto.api.sources import load_style, save_style
    from impasto.api.stepwise import Step, optimize, optimize_steps
    from impasto.api.style_training import StyleStep, train_style, train_style_steps
    from impasto.errors import (
        DeviceError,
        ImpastoError,
        InputError,
        MissingExtraError,
        OutputError,
        SettingError,
        WeightsError,
    )
    from impasto.painting import Painting
    from impasto.scene import Region
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

_MODULES = {
    "impasto.api.painter": ("Painter", "stylize"),
    "impasto.api.sources": ("load_style", "save_style"),
    "impasto.api.stepwise": ("Step", "optimize", "optimize_steps"),
    "impasto.api.style_training": ("StyleStep", "train_style", "train_style_steps"),
    "impasto.errors": (
        "DeviceError",
        "ImpastoError",
        "InputError",
        "MissingExtraError",
        "OutputError",
        "SettingError",
        "WeightsError",
    ),
    "impasto.painting": ("Painting",),
    "impasto.scene": ("Region",),
    "impasto.settings": ("OptimizeSettings", "StylizeSettings"),
    "impasto.styles.embedding": ("Style", "blend", "interpolate"),
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that `import impasto` takes no time."""
    for module, names in _MODULES.items():
        if name in names:
            globals()[name] = value = getattr(import_module(module), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
