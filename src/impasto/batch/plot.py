"""Plot losses over steps."""

import io
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import OutputError
from impasto.system.extras import require
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.painting import StepRecord


FORMATS = (".png", ".svg", ".pdf")

# Okabe and Ito's palette, which colour-blind people can distinguish, too.
COLOURS = {
    "total": "#000000",
    "style": "#d55e00",
    "content": "#0072b2",
    "structure": "#56b4e9",
    "tv": "#009e73",
    "palette": "#cc79a7",
    "tone": "#e69f00",
}
NAMES = {"tv": "total variation"}
GREY = "#8a8a8a"


def check(path: Path) -> None:
    """Check, before the work starts, that a plot of that name can be drawn.

    Raises:
        MissingExtraError: Matplotlib is not installed.
        OutputError: the format is not supported.
    """
    require("loss-plot", "torch", "matplotlib")
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"{display_path(path)}: plots can be {', '.join(FORMATS)}")


def draw(trace: Sequence["StepRecord"], suffix: str) -> bytes:
    """Draw each loss as a line, with a mark where a scale begins.

    Args:
        trace: at least one step.
        suffix: one of `FORMATS`.

    Returns:
        The content of the file.
    """
    # Not pyplot, which would need a window system and change global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for _, steps in groupby(enumerate(trace, start=1), key=lambda step: step[1].scale):
        scale = list(steps)
        _mark_scale(axes, scale)
        for name in trace[0].losses:
            _draw_loss(axes, scale, name)
    axes.set(yscale="log", xlabel="step", ylabel="weighted loss", xlim=(1, max(2, len(trace))))
    # The first picture is close to the content, so its content loss is rounding noise, and its
    # logarithm would compress everything else.
    settled = [loss for record in trace[2:] for loss in record.losses.values() if loss > 0]
    if settled:
        axes.set_ylim(bottom=min(settled) / 2)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    content = io.BytesIO()
    figure.savefig(content, format=suffix[1:].lower(), dpi=150)
    return content.getvalue()


def _draw_loss(axes: Any, scale: Sequence[tuple[int, "StepRecord"]], name: str) -> None:
    """Draw one loss at one scale, with gaps where it is 0 and has no logarithm."""
    steps = [step for step, _ in scale]
    values = [record.losses[name] or float("nan") for _, record in scale]
    label = NAMES.get(name, name) if steps[0] == 1 else None
    marker = "o" if len(steps) == 1 else None
    axes.plot(
        steps, values, label=label, color=COLOURS.get(name, GREY), linewidth=1.4, marker=marker
    )


def _mark_scale(axes: Any, scale: Sequence[tuple[int, "StepRecord"]]) -> None:
    """Draw a dotted line where a scale begins, and its size above the plot."""
    start, record = scale[0]
    if start > 1:
        axes.axvline(start, color=GREY, linewidth=0.8, linestyle=":")
    axes.annotate(
        f"{record.side} px",
        (start, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, 3),
        textcoords="offset points",
        color=GREY,
        fontsize=8,
    )
