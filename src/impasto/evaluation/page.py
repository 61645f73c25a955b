"""The page of an evaluation: figures, plots and a contact sheet in one HTML file."""

import base64
import io
from collections.abc import Iterable, Mapping
from html import escape

import numpy as np
from PIL import Image

from impasto.evaluation import plot
from impasto.evaluation.measure import Measured, Series
from impasto.evaluation.report import Change, Report, changes
from impasto.image.samples import FloatImage

SIDE = 224
"""Long side of a picture on the page in pixels."""

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1em 0 }
td, th { padding: .3em .8em; text-align: left; vertical-align: top }
td { font-variant-numeric: tabular-nums }
th { color: #777; font-weight: normal }
tr + tr > td { border-top: 1px solid #e6e6e6 }
img { display: block }
small { color: #777 }
svg { max-width: 100%; height: auto }
"""


class ContactSheet:
    """Small copies of photos, styles and paintings, in the order in which they were measured."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}
        self._paintings: dict[tuple[str, str, Series], str] = {}

    def add(self, measured: Measured) -> None:
        """Add a painting, with its photo and its style."""
        row, pair = measured.row, measured.pair
        if (row.photo, row.style) not in self._pairs:
            self._pairs[row.photo, row.style] = _image(pair.photo), _image(pair.style)
        self._paintings[row.photo, row.style, row.series] = _image(measured.painting)

    def html(self, report: Report) -> str:
        """Build a table with a row for each pair and a column for each engine and strength."""
        rows = {(row.photo, row.style, row.series): row for row in report.rows}
        lines = [_line("th", ["photo", "style", *map(str, report.series())])]
        for names, pictures in self._pairs.items():
            cells = [f"{image}{escape(name)}" for image, name in zip(pictures, names, strict=True)]
            for series in report.series():
                key = *names, series
                cells.append(
                    f"{self._paintings[key]}<small>content {rows[key].content_distance:.3f}, "
                    f"style {rows[key].style_distance:.3f}</small>"
                )
            lines.append(_line("td", cells, escaped=True))
        return f"<table>{''.join(lines)}</table>"


def html(report: Report, sheet: ContactSheet, before: Report | None = None) -> str:
    """Build the page, with changes since an earlier report, without other files."""
    changed = {} if before is None else changes(report, before)
    judged = f"{report.size} px, judged by {report.judge} ({report.fingerprint})"
    since = f" Against a report of impasto {before.impasto}." if before else ""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>impasto evaluate</title><style>{STYLE}</style>
<h1>impasto evaluate</h1>
<p>impasto {escape(report.impasto)}, {escape(judged)}.{escape(since)}
Smaller is closer. One distance usually grows when the other shrinks.</p>
{_means(report, changed)}
{plot.draw(report, before)}
{sheet.html(report)}
</html>
"""


def _means(report: Report, changed: Mapping[Series, Change]) -> str:
    heads = ["", "pairs", "content distance", "style distance", "seconds a picture"]
    if changed:
        heads += ["content, change", "closer", "style, change", "closer"]
    lines = [_line("th", heads)]
    for series, mean in report.means().items():
        distances = f"{mean.content_distance:.4f}", f"{mean.style_distance:.4f}"
        cells = [str(series), str(mean.pairs), *distances, f"{mean.seconds:.2f}"]
        if change := changed.get(series):
            cells += [f"{change.content:+.4f}", f"{change.content_closer} of {change.pairs}"]
            cells += [f"{change.style:+.4f}", f"{change.style_closer} of {change.pairs}"]
        lines.append(_line("td", cells))
    return f"<table>{''.join(lines)}</table>"


def _line(tag: str, cells: Iterable[str], *, escaped: bool = False) -> str:
    """Build a row of a table."""
    texts = (cell if escaped else escape(cell) for cell in cells)
    return f"<tr>{''.join(f'<{tag}>{text}</{tag}>' for text in texts)}</tr>\n"


def _image(pixels: FloatImage) -> str:
    """Build an image element that holds a small copy of a picture (H, W, 3) in [0, 1]."""
    image = Image.fromarray(np.rint(pixels.clip(0, 1) * 255).astype(np.uint8))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=85)
    data = base64.b64encode(encoded.getvalue()).decode()
    return f'<img src="data:image/jpeg;base64,{data}" alt="">'
