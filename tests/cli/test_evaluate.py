import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    """A photo, a style, and a painting made of them by somebody else."""
    for seed, (name, file) in enumerate([("photos", "x"), ("styles", "y"), ("painted", "x__y")]):
        (tmp_path / name).mkdir()
        noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(noise).resize((64, 64)).save(tmp_path / name / f"{file}.png")
    return tmp_path


@pytest.fixture
def words(folder):
    given = ["evaluate", "--contents", folder / "photos", "--styles", folder / "styles"]
    return [*given, "--judge", "compact", "--size", 64]


def test_engines_in_one_report(impasto, words, folder):
    engines = ["stylize", folder / "painted", "optimize"]
    given = [word for engine in engines for word in ("--engine", engine)]
    result = impasto(*words, *given, "--strength", 0, "--report", folder / "r.json")
    assert result.exit_code == 0, result.output
    assert "optimize 0, 1 pairs at 64 px, judged by compact: content 0.0000" in result.stdout
    rows = json.loads((folder / "r.json").read_text())["rows"]
    painted, strengths = str(folder / "painted"), [row["strength"] for row in rows]
    assert [row["engine"] for row in rows] == ["stylize", painted, "optimize"]
    assert strengths == [0, None, 0]
    page = (folder / "r.html").read_text()
    assert page.count("<img") == 2 + 3
    assert "<svg" in page


def test_strengths_in_one_report(impasto, words, folder):
    impasto(*words, "--strength", 0, "--strength", 1, "--report", folder / "r.json")
    rows = json.loads((folder / "r.json").read_text())["rows"]
    assert [row["strength"] for row in rows] == [0, 1]
    assert rows[0]["content_distance"] < 1e-4 < 0.05 < rows[1]["content_distance"]


def test_against_an_earlier_report(impasto, words, folder):
    assert impasto(*words, "--report", folder / "r.json").exit_code == 0
    result = impasto(*words, "--against", folder / "r.json", "--report", folder / "now.json")
    assert result.exit_code == 0, result.output
    expected = "content +0.0000 (0 of 1 closer) style +0.0000 (0 of 1 closer)\n"
    assert expected in result.stdout
    assert "0 of 1" in (folder / "now.html").read_text()
    result = impasto(*words, "--strength", 0.5, "--against", folder / "r.json")
    assert result.stdout.endswith(
        "the earlier report has no results for these pairs, engines and strengths\n"
    )


def test_a_report_that_was_measured_otherwise(impasto, fails, words, folder):
    impasto(*words, "--engine", folder / "painted", "--report", folder / "r.json")
    fails("choose the same judge and size", *words, "--size", 96, "--against", folder / "r.json")


@pytest.mark.parametrize("name", ["r.json", "r.html"])
def test_an_existing_report_stays(fails, words, folder, name):
    (folder / name).write_text("mine")
    fails("--overwrite", *words, "--report", folder / "r.json")
    assert (folder / name).read_text() == "mine"


def test_the_report_compared_with_stays_even_if_others_may_be_replaced(
    impasto, fails, words, folder
):
    impasto(*words, "--engine", folder / "painted", "--report", folder / "r.json")
    path = folder / "r.json"
    fails("r.json", *words, "--report", path, "--against", path, "--overwrite")


def test_the_report_is_json(fails, words, folder):
    fails("must end in .json", *words, "--report", folder / "r.html")


def test_strength_of_what_is_painted(fails, words, folder):
    fails("leave out --strength", *words, "--engine", folder / "painted", "--strength", 0.5)


def test_a_missing_picture_is_named(fails, words, folder):
    fails("x__y.png", *words, "--engine", folder / "styles")
