"""The verbs of the Python library: here files, styles and engines meet."""

from impasto.api.one_pass import stylize
from impasto.api.sources import load_style, save_style
from impasto.api.stepwise import Step, optimize, optimize_steps
from impasto.painting import Painting

__all__ = [
    "Painting",
    "Step",
    "load_style",
    "optimize",
    "optimize_steps",
    "save_style",
    "stylize",
]
