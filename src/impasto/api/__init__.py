"""The verbs of the Python library: here files, styles and engines meet."""

from impasto.api.painter import Painter, stylize
from impasto.api.sources import load_style, save_style
from impasto.api.stepwise import Step, optimize, optimize_steps
from impasto.api.style_training import StyleStep, train_style, train_style_steps
from impasto.painting import Painting
from impasto.scene import Region

__all__ = [
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
]
