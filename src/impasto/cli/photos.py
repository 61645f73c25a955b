"""The photos of `stylize` and `optimize`: plan them, and report what failed among them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.batch.plan import Plan, plan
from impasto.cli import INTERRUPTED
from impasto.cli.errors import spelled
from impasto.cli.progress import print_line
from impasto.errors import ExistsError, OutputError, SettingError
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from impasto.batch.run import Report


def plan_photos(
    named: Sequence[Path],
    style_names: Sequence[str],
    output: str | None,
    suffix: str | None,
    *,
    recursive: bool,
    overwrite: bool,
    skip_existing: bool,
    quiet: bool,
) -> Plan:
    """Plan the photos as `batch.plan.plan`, and print how many are skipped.

    Raises:
        SettingError, InputError, OutputError: as `plan`, or the options exclude each other.
    """
    if overwrite and skip_existing:
        raise SettingError("--overwrite and --skip-existing exclude each other; choose one")
    photos = plan(named, style_names, output, recursive=recursive, suffix=suffix)
    if skip_existing:
        photos = photos.without_existing()
    if photos.skipped and not quiet:
        if photos.is_single:
            print_line(f"{display_path(photos.skipped[0].output)}: skipped, as it exists")
        else:
            count = len(photos.skipped)
            print_line(f"{count} of {photos.total} photos skipped: their paintings exist")
    return photos


def end(photos: Plan, report: "Report") -> None:
    """Print the errors of several photos, and end the command with their exit code.

    Raises:
        OutputError: there is nothing to paint, as all paintings exist.
        typer.Exit: a photo was not painted, or the work was stopped.
    """
    failures, count = report.failures, len(photos.routes)
    existing = sum(isinstance(failure.problem, ExistsError) for failure in failures)
    if existing == count > 0 and not photos.problems:
        raise OutputError(
            f"all {count} paintings exist; --overwrite replaces them, --skip-existing skips them"
        )
    for line in photos.problems:
        typer.echo(f"impasto: error: {line}", err=True)
    for failure in failures:
        typer.echo(f"impasto: error: {failure.name}: {spelled(failure.reason)}", err=True)
    left = count - len(report.outcomes) - len(failures)
    if left:
        typer.echo(f"impasto: stopped; {left} photos were not begun", err=True)
    if left or any(outcome.stopped for outcome in report.outcomes):
        raise typer.Exit(INTERRUPTED)
    if failures:
        hint = "; --skip-existing skips those whose paintings exist" if existing else ""
        typer.echo(f"impasto: {len(failures)} of {count} photos were not painted{hint}", err=True)
    if failures or photos.problems:
        raise typer.Exit(1)
