"""Plots of losses over steps."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.batch import plot
from impasto.errors import MissingExtraError, OutputError
from impasto.painting import StepRecord

pytest.importorskip("matplotlib")


def trace(*scales, **losses):
    """Steps at scales, given as pairs of a side and a number of steps; every loss falls."""
    parts = losses or {"content": 0.2, "style": 0.8}
    return [
        StepRecord(
            scale, side, step, 0.1 * step, {k: v / step for k, v in {**parts, "total": 1.0}.items()}
        )
        for scale, (side, steps) in enumerate(scales)
        for step in range(1, steps + 1)
    ]


def texts(svg):
    """The words in a plot; Matplotlib puts each in a comment beside its outlines."""
    return [line.strip()[5:-4] for line in svg.decode().splitlines() if "<!-- " in line]


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).reshape(-1, 3)


def hexadecimal(colour):
    return [int(colour[k : k + 2], 16) for k in (1, 3, 5)]


@pytest.mark.parametrize("suffix", plot.FORMATS)
def test_formats(suffix):
    path = Path(f"losses{suffix.upper()}")
    plot.check(path)
    content = plot.draw(trace((64, 4)), path.suffix)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert content.startswith(start)


def test_a_png_is_1200_by_675_pixels():
    with Image.open(io.BytesIO(plot.draw(trace((64, 2)), ".png"))) as image:
        assert image.size == (1200, 675)


def test_every_loss_has_its_name_and_every_scale_its_size():
    shown = texts(plot.draw(trace((128, 3), (256, 3), content=0.5, tv=0.1), ".svg"))
    assert {"content", "total variation", "total", "128 px", "256 px"} <= set(shown)
    assert shown.count("content") == 1, "a loss is named once, not at every scale"


def test_every_loss_has_a_colour_of_its_own():
    names = [name for name in plot.COLOURS if name != "total"]
    # Lines that coincide hide each other, so each loss is drawn at a level of its own.
    levels = {name: 0.9 / 2**k for k, name in enumerate(names)}
    shown = pixels(plot.draw(trace((64, 8), **levels), ".png"))
    for name in names:
        assert (shown == hexadecimal(plot.COLOURS[name])).all(1).any(), name


def test_a_loss_of_a_name_to_come_is_grey():
    shown = pixels(plot.draw(trace((64, 8), sharpness=0.4), ".png"))
    assert (shown == hexadecimal(plot.GREY)).all(1).sum() > 100


def test_a_loss_of_zero_is_a_gap_and_a_single_step_a_mark():
    """Zero has no logarithm."""
    with_zero = trace((64, 6), style=0.5, tv=0.0)
    shown = pixels(plot.draw(with_zero, ".png"))
    drawn = {name: (shown == hexadecimal(plot.COLOURS[name])).all(1).sum() for name in plot.COLOURS}
    assert drawn["style"] > 4 * drawn["tv"], "only the legend shows the colour of a loss of zero"
    one = pixels(plot.draw(trace((64, 1)), ".png"))
    assert (one == hexadecimal(plot.COLOURS["style"])).all(1).any()


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"losses\.gif: plots can be \.png, \.svg, \.pdf"):
        plot.check(tmp_path / "losses.gif")


def test_without_matplotlib_there_is_a_hint(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"loss-plot needs more packages"):
        plot.check(tmp_path / "losses.png")
