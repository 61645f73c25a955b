import json
from dataclasses import replace

import pytest

from impasto.errors import InputError
from impasto.evaluation import report as reporting
from impasto.evaluation.measure import Row, Series
from impasto.evaluation.report import Change, Means, Report

ROWS = (
    Row("a", "b", "stylize", 1.0, 0.25, 0.5, 1.0),
    Row("a", "b", "folder", None, 0.5, 0.1, 0.0),
    Row("c", "d", "stylize", 1.0, 0.75, 0.75, 3.0),
)
REPORT = Report("vgg19", "0123456789abcdef", 512, ROWS)


def test_means_of_each_engine_and_strength():
    assert REPORT.means() == {
        Series("stylize", 1.0): Means(2, 0.5, 0.625, 2.0),
        Series("folder", None): Means(1, 0.5, 0.1, 0.0),
    }


def test_the_file_gives_back_the_report(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(reporting.as_json(REPORT))
    assert reporting.read(path) == REPORT
    assert json.loads(path.read_text())["means"][0]["style_distance"] == 0.625


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{}",
        reporting.as_json(REPORT).replace('"rows"', '"lines"'),
        reporting.as_json(REPORT).replace("0.25", "NaN"),
        reporting.as_json(REPORT).replace("0.25", "[]"),
        reporting.as_json(REPORT).replace('"size": 512', '"size": "large"'),
    ],
)
def test_a_file_that_is_no_report(tmp_path, text):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"report\.json: not a report") as problem:
        reporting.read(path)
    assert "\n" not in str(problem.value)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.json"):
        reporting.read(tmp_path / "none.json")


def test_changes_are_those_of_the_pairs_that_both_reports_have():
    earlier = (
        replace(ROWS[0], content_distance=0.5, style_distance=0.25),
        replace(ROWS[2], content_distance=1.0, style_distance=1.25),
        replace(ROWS[1], photo="other"),
        replace(ROWS[0], strength=0.5),
    )
    found = reporting.changes(REPORT, replace(REPORT, rows=earlier))
    assert found == {Series("stylize", 1.0): Change(2, -0.25, -0.125, 2, 1)}


@pytest.mark.parametrize(
    ("other", "advice"),
    [
        ({"size": 256}, "choose the same judge and size"),
        ({"judge": "vgg", "fingerprint": "another"}, "choose the same judge and size"),
        ({"fingerprint": "another"}, "other weights of .*; measure it again"),
    ],
)
def test_only_what_was_measured_alike_is_compared(other, advice):
    reporting.check_alike(REPORT, replace(REPORT, rows=()))
    with pytest.raises(InputError, match=advice):
        reporting.check_alike(REPORT, replace(REPORT, **other))
