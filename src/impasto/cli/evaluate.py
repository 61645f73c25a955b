"""`impasto evaluate`: measure engines, or pictures of other tools, over photos and styles."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.arguments import Overwrite
from impasto.cli.weights import or_else
from impasto.errors import OutputError, SettingError
from impasto.system.extras import require
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.evaluation.measure import Candidate, Row
    from impasto.evaluation.page import ContactSheet
    from impasto.evaluation.pairs import Pair
    from impasto.evaluation.report import Report
    from impasto.image.samples import FloatImage

PAGE = ".html"
"""Suffix of the page beside the file with the figures."""


def evaluate(
    contents: Annotated[Path, typer.Option(help="Folder of photos.")],
    styles: Annotated[Path, typer.Option(help="Folder of styles.")],
    engine: Annotated[
        list[str] | None,
        typer.Option(
            help="stylize, optimize, or a folder of existing pictures PHOTO__STYLE.png; repeat it "
            "to compare several [default: stylize].",
        ),
    ] = None,
    strength: Annotated[
        list[float] | None,
        typer.Option(
            min=0,
            max=1,
            help="How much style; repeat it to compare several [default: 1].",
        ),
    ] = None,
    judge: Annotated[
        str,
        typer.Option(
            help="The network that measures: vgg19 (downloaded), vgg16, compact, or a .safetensors "
            "file; preferably not one that an engine was trained with."
        ),
    ] = "vgg19",
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="JSON list of [photo, style] names [default: each photo with one style]."
        ),
    ] = None,
    size: Annotated[int, typer.Option(min=64, help="Long side of photos and styles.")] = 512,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="NAME.json",
            help="Write all figures to this file, and pictures and plots to NAME.html.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="EARLIER.json", help="Compare with an earlier report."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Measure how far paintings are from their photos and from their styles.

    Smaller is closer. One distance usually grows when the other shrinks, so compare both.
    """
    require("evaluation", "torch", "torch", "safetensors", "matplotlib")
    from impasto.evaluation import pairs as pairing
    from impasto.evaluation import report as reporting
    from impasto.evaluation.measure import measure
    from impasto.evaluation.page import ContactSheet
    from impasto.networks.teachers import teacher
    from impasto.system.fingerprint import fingerprint

    if report is not None:
        _check_outputs(report, [against] if against else [], overwrite=overwrite)
    chosen = pairing.choose(contents, styles, pairs)
    candidates = _candidates(engine or ["stylize"], strength or [], chosen)
    before = None if against is None else reporting.read(against)
    with or_else(", name a copy with --judge FILE, or choose --judge vgg16"):
        network = teacher(judge)
    weights = fingerprint(network.state_dict().values())
    results = reporting.Report(Path(judge).name, weights, size, rows=())
    if before is not None:
        reporting.check_alike(results, before)
    rows, sheet = [], ContactSheet()
    for measured in measure(candidates, network, chosen, size=size):
        rows.append(measured.row)
        sheet.add(measured)
        _tell(measured.row)
    results = replace(results, rows=tuple(rows))
    _tell_means(results, before)
    if report is not None:
        _write(report, results, sheet, before, overwrite=overwrite)


def _candidates(
    engines: Iterable[str], strengths: Collection[float], chosen: Sequence[tuple[Path, Path]]
) -> "list[Candidate]":
    """Combine every engine with every strength; a folder of pictures has no strength.

    Raises:
        SettingError: there are strengths, but only folders.
        InputError: a folder lacks a picture.
    """
    from impasto.api.painter import stylize
    from impasto.api.stepwise import optimize
    from impasto.evaluation.measure import Candidate, painted_before

    def stylized(strength: float, pair: "Pair") -> "FloatImage":
        return stylize(pair.photo, pair.style, strength=strength).pixels

    def optimized(strength: float, pair: "Pair") -> "FloatImage":
        return optimize(pair.photo, pair.style, strength=strength).pixels

    painters = {"stylize": stylized, "optimize": optimized}
    candidates = []
    for engine in dict.fromkeys(engines):
        if (painter := painters.get(engine)) is None:
            candidates += [Candidate(engine, None, painted_before(Path(engine), chosen))]
        else:
            every = dict.fromkeys(strengths or [1.0])
            candidates += [Candidate(engine, each, partial(painter, each)) for each in every]
    if strengths and all(candidate.strength is None for candidate in candidates):
        raise SettingError("existing pictures have no strength to choose; leave out --strength")
    return candidates


def _check_outputs(report: Path, inputs: Sequence[Path], *, overwrite: bool) -> None:
    """Check, before the work starts, that both files can be written.

    Raises:
        OutputError: one cannot be written.
    """
    from impasto.system.files import check_file

    if report.suffix.lower() != ".json":
        raise OutputError(f"{display_path(report)}: the name of a report must end in .json")
    for path in (report, report.with_suffix(PAGE)):
        check_file(path, overwrite=overwrite, inputs=inputs)


def _write(
    path: Path,
    report: "Report",
    sheet: "ContactSheet",
    before: "Report | None",
    *,
    overwrite: bool,
) -> None:
    from impasto.evaluation.page import html
    from impasto.evaluation.report import as_json
    from impasto.system.files import write_file

    page = path.with_suffix(PAGE)
    write_file(path, as_json(report).encode(), overwrite=overwrite)
    write_file(page, html(report, sheet, before).encode(), overwrite=overwrite)
    typer.echo(f"{display_path(path)}, {display_path(page)}")


def _tell(row: "Row") -> None:
    """Print the figures of a painting to standard error."""
    typer.echo(
        f"{row.photo} in {row.style}, {row.series}: content {row.content_distance:.4f} "
        f"style {row.style_distance:.4f} {row.seconds:.2f} s",
        err=True,
    )


def _tell_means(report: "Report", before: "Report | None") -> None:
    """Print the means, and the changes since an earlier report."""
    from impasto.evaluation.report import changes

    for series, mean in report.means().items():
        typer.echo(
            f"{series}, {mean.pairs} pairs at {report.size} px, judged by {report.judge}: "
            f"content {mean.content_distance:.4f} style {mean.style_distance:.4f} "
            f"{mean.seconds:.2f} s a picture"
        )
    if before is None:
        return
    changed = changes(report, before)
    for series, change in changed.items():
        typer.echo(
            f"{series}, against impasto {before.impasto}: "
            f"content {change.content:+.4f} ({change.content_closer} of {change.pairs} closer) "
            f"style {change.style:+.4f} ({change.style_closer} of {change.pairs} closer)"
        )
    if not changed:
        typer.echo("the earlier report has no results for these pairs, engines and strengths")
