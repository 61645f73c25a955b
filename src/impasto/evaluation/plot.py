"""Plots of style distance against content distance."""

import io
from collections.abc import Sequence
from typing import Any

from impasto.evaluation.measure import Series
from impasto.evaluation.report import Means, Report

EARLIER = "#9a9a9a"


def draw(report: Report, before: Report | None = None) -> str:
    """Draw the means, and every pair, as an SVG picture.

    The lower left corner is closest to both photo and style. A line joins the strengths of an
    engine. Among all pairs, those of full strength are darker. The means of an earlier report are
    grey, with arrows to the new ones.
    """
    import matplotlib
    from matplotlib.figure import Figure

    # Text stays text, and the same figures give the same file.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "impasto"}):
        figure = Figure(figsize=(11, 5), layout="constrained")
        left, right = figure.subplots(1, 2)
        colours = _colours(report)
        if before is not None:
            _draw_earlier(left, report.means(), before.means())
        _draw_means(left, report.means(), colours)
        for series, rows in report.series().items():
            right.scatter(
                [row.content_distance for row in rows],
                [row.style_distance for row in rows],
                s=14,
                alpha=0.4 + 0.6 * (series.strength in (None, 1)),
                color=colours[series.engine],
            )
        for axes, title in ((left, "means"), (right, "every pair")):
            axes.set(xlabel="content distance", ylabel="style distance", title=title)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(color="#e6e6e6", linewidth=0.6)
            axes.margins(0.15)
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
    svg = content.getvalue()
    return svg[svg.index("<svg") :]


def _colours(report: Report) -> dict[str, str]:
    """Choose one of Matplotlib's colours for each engine."""
    engines = dict.fromkeys(series.engine for series in report.series())
    return {engine: f"C{number}" for number, engine in enumerate(engines)}


def _draw_means(axes: Any, means: dict[Series, Means], colours: dict[str, str]) -> None:
    for engine, colour in colours.items():
        points = sorted(
            ((s.strength or 1, m.content_distance, m.style_distance, str(s)))
            for s, m in means.items()
            if s.engine == engine
        )
        axes.plot([p[1] for p in points], [p[2] for p in points], "-o", color=colour, markersize=5)
        for _, content, style, name in points:
            _name(axes, name, (content, style), colour)


def _draw_earlier(axes: Any, now: dict[Series, Means], before: dict[Series, Means]) -> None:
    for series, mean in before.items():
        start = mean.content_distance, mean.style_distance
        axes.plot(*start, "o", color=EARLIER, markersize=5)
        if series in now:
            end = now[series].content_distance, now[series].style_distance
            axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": EARLIER})
        else:
            _name(axes, str(series), start, EARLIER)


def _name(axes: Any, name: str, place: Sequence[float], colour: str) -> None:
    """Write a name beside a point, without reading dollar signs as formulas."""
    offset = {"xytext": (6, 4), "textcoords": "offset points"}
    axes.annotate(name, place, color=colour, fontsize=9, parse_math=False, **offset)
