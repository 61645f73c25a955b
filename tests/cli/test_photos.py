"""What both commands print of their photos, and how they end."""

from pathlib import Path

import pytest
import typer

from impasto.batch.job import Outcome
from impasto.batch.plan import Plan, Route
from impasto.batch.run import Failure, Report
from impasto.cli.photos import end, plan_photos
from impasto.errors import ExistsError, InputError, OutputError, SettingError

WAYS = {"recursive": False, "overwrite": False, "skip_existing": False, "quiet": False}


@pytest.fixture
def folder(tmp_path):
    """Two photos, the first painted."""
    for name in ("a.jpg", "b.jpg", "painted/a-irises.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def planned(*named, **ways):
    return plan_photos(named, ["irises"], None, None, **WAYS | ways)


def test_what_is_painted_is_skipped_and_told(folder, capsys):
    assert len(planned(folder).routes) == 2
    assert capsys.readouterr().out == ""
    [left] = planned(folder, skip_existing=True).routes
    assert left.input == folder / "b.jpg"
    assert capsys.readouterr().out == "1 of 2 photos skipped: their paintings exist\n"
    planned(folder, skip_existing=True, quiet=True)
    assert capsys.readouterr().out == ""


def test_a_single_photo_that_is_skipped_is_named(folder, capsys):
    painting = folder / "a-irises.jpg"
    painting.touch()
    assert planned(folder / "a.jpg", skip_existing=True).routes == ()
    assert capsys.readouterr().out == f"{painting}: skipped, as it exists\n"


def test_options_that_exclude_each_other(folder):
    with pytest.raises(SettingError, match="--overwrite and --skip-existing exclude each other"):
        planned(folder, overwrite=True, skip_existing=True)


DONE = Outcome("x.png", (4, 3), 0.5, ())
BROKEN = Failure("b.jpg", InputError("b.jpg: not a picture"))
EXISTS = Failure("c.jpg", ExistsError("c.png: the file exists; overwrite=True replaces it"))


def plan_of(count, *problems):
    path = Path("a.jpg")
    return Plan((Route(path, path.with_suffix(".png"), in_folder=True),) * count, problems)


def code(plan, outcomes, failures=()):
    """The exit code; None if the command goes on to its end."""
    try:
        end(plan, Report(tuple(outcomes), tuple(failures)))
    except typer.Exit as problem:
        return problem.exit_code


def test_a_batch_without_errors_ends_quietly(capsys):
    assert code(plan_of(2), [DONE, DONE]) is None
    assert capsys.readouterr().err == ""


def test_errors_are_listed(capsys):
    assert code(plan_of(3, "sub: permission denied"), [DONE], [BROKEN, EXISTS]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "impasto: error: sub: permission denied",
        "impasto: error: b.jpg: not a picture",
        "impasto: error: c.jpg: c.png: the file exists; --overwrite replaces it",
        "impasto: 2 of 3 photos were not painted; "
        "--skip-existing skips those whose paintings exist",
    ]
    assert code(plan_of(1, "sub: permission denied"), [DONE]) == 1


def test_where_all_paintings_exist_nothing_is_listed(capsys):
    with pytest.raises(OutputError, match="all 2 paintings exist; --overwrite replaces them"):
        end(plan_of(2), Report((), (EXISTS, EXISTS)))
    assert capsys.readouterr().err == ""


def test_ctrl_c_is_told(capsys):
    stopped = DONE._replace(stopped="stopped after 4% of the work")
    assert code(plan_of(3), [stopped]) == 130
    assert capsys.readouterr().err == "impasto: stopped; 2 photos were not begun\n"
    assert code(plan_of(1), [stopped]) == 130
    assert code(plan_of(3), [DONE], [BROKEN]) == 130
