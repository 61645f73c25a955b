import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from impasto.cli.app import app


@pytest.fixture
def folders(tmp_path):
    for folder, seed in (("photos", 1), ("styles", 2), ("painted", 3)):
        (tmp_path / folder).mkdir()
        noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        name = "x__x" if folder == "painted" else "x"
        Image.fromarray(noise).resize((64, 64)).save(tmp_path / folder / f"{name}.png")
    return tmp_path


def evaluate(folder, *more):
    given = ["--contents", folder / "photos", "--styles", folder / "styles", "--judge", "compact"]
    return CliRunner().invoke(app, ["evaluate", *map(str, [*given, "--size", 64, *more])])


def test_measures_pictures_painted_before(folders):
    result = evaluate(folders, "--engine", folders / "painted", "--report", folders / "r.json")
    assert result.exit_code == 0, result.output
    assert "1 pairs at 64 px, judged by compact" in result.output
    assert json.loads((folders / "r.json").read_text())["summary"]["pairs"] == 1


def test_an_existing_report_stays(folders):
    (folders / "r.json").write_text("mine")
    result = evaluate(folders, "--engine", folders / "painted", "--report", folders / "r.json")
    assert result.exit_code == 2
    assert (folders / "r.json").read_text() == "mine"


def test_a_missing_picture_is_named(folders):
    result = evaluate(folders, "--engine", folders / "styles")
    assert result.exit_code == 2
    assert "x__x.png" in result.output
    assert "Traceback" not in result.output
