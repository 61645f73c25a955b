"""Reports of evaluations: files, means, and changes since an earlier report."""

import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from impasto._version import __version__
from impasto.errors import InputError
from impasto.evaluation.measure import Row, Series
from impasto.system.json_files import read_json
from impasto.system.paths import display_path


@dataclass(frozen=True)
class Report:
    """All figures of an evaluation, and its conditions.

    Attributes:
        impasto: its version.
        judge: name of the network that measured.
        fingerprint: of its weights.
        size: the long side, at most, of photos and styles in pixels.
        rows: the figures.
    """

    judge: str
    fingerprint: str
    size: int
    rows: tuple[Row, ...]
    impasto: str = __version__

    def series(self) -> dict[Series, list[Row]]:
        """Group the rows by engine and strength, in the order in which they were measured."""
        rows: dict[Series, list[Row]] = {}
        for row in self.rows:
            rows.setdefault(row.series, []).append(row)
        return rows

    def means(self) -> "dict[Series, Means]":
        """Average the figures of each engine and strength."""
        return {series: Means.of(rows) for series, rows in self.series().items()}


@dataclass(frozen=True)
class Means:
    """Averages over pairs."""

    pairs: int
    content_distance: float
    style_distance: float
    seconds: float

    @classmethod
    def of(cls, rows: list[Row]) -> "Means":
        """Average some rows, at least one."""
        return cls(
            len(rows),
            statistics.fmean(row.content_distance for row in rows),
            statistics.fmean(row.style_distance for row in rows),
            statistics.fmean(row.seconds for row in rows),
        )


@dataclass(frozen=True)
class Change:
    """Changes of the distances of an engine and strength, pair by pair.

    Attributes:
        pairs: number of pairs in both reports.
        content, style: mean differences; negative is closer than before.
        content_closer, style_closer: number of pairs that are closer than before.
    """

    pairs: int
    content: float
    style: float
    content_closer: int
    style_closer: int


def check_alike(now: Report, before: Report) -> None:
    """Check that two reports can be compared.

    Raises:
        InputError: they have different judges or sizes.
    """
    if (now.judge, now.size) == (before.judge, before.size) and (
        now.fingerprint != before.fingerprint
    ):
        raise InputError(
            f"the earlier report was judged by other weights of {before.judge}, or written by "
            "another version of impasto; measure it again"
        )
    if (now.fingerprint, now.size) != (before.fingerprint, before.size):
        raise InputError(
            f"the earlier report was judged by {before.judge} ({before.fingerprint}) at "
            f"{before.size} px, this one by {now.judge} ({now.fingerprint}) at {now.size} px; "
            "choose the same judge and size"
        )


def changes(now: Report, before: Report) -> dict[Series, Change]:
    """Compute the changes for each engine and strength with pairs in both reports."""
    earlier = {(row.series, row.photo, row.style): row for row in before.rows}
    result = {}
    for series, rows in now.series().items():
        both = [(r, e) for r in rows if (e := earlier.get((series, r.photo, r.style)))]
        if both:
            content = [r.content_distance - e.content_distance for r, e in both]
            style = [r.style_distance - e.style_distance for r, e in both]
            result[series] = Change(
                len(both),
                statistics.fmean(content),
                statistics.fmean(style),
                sum(difference < 0 for difference in content),
                sum(difference < 0 for difference in style),
            )
    return result


def as_json(report: Report) -> str:
    """Convert a report to JSON for `read`, with the means for other programs."""
    means = [{**series._asdict(), **asdict(mean)} for series, mean in report.means().items()]
    return json.dumps({**asdict(report), "means": means}, indent=1)


def read(path: Path) -> Report:
    """Read a report from a file.

    Raises:
        InputError: the file is missing, or not a report.
    """
    document = read_json(path)
    try:
        rows = tuple(_row(row) for row in document["rows"])
        words = {name: str(document[name]) for name in ("judge", "fingerprint", "impasto")}
        return Report(size=int(document["size"]), rows=rows, **words)
    except (ValueError, TypeError, KeyError) as problem:
        raise InputError(
            f"{display_path(path)}: not a report of impasto evaluate ({problem!r})"
        ) from None


def _row(entry: Mapping[str, Any]) -> Row:
    strength = entry["strength"]
    figures = [float(entry[key]) for key in ("content_distance", "style_distance", "seconds")]
    if not all(map(math.isfinite, figures)):
        raise ValueError("a figure is not finite")
    photo, style, engine = (str(entry[key]) for key in ("photo", "style", "engine"))
    return Row(photo, style, engine, None if strength is None else float(strength), *figures)
