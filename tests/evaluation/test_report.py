import json

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.evaluation import report
from impasto.networks import weights


def save(folder, name, seed, size=(80, 64)):
    folder.mkdir(exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(folder / f"{name}.png")


@pytest.fixture
def folders(tmp_path):
    for k, name in enumerate(["cat", "dog"]):
        save(tmp_path / "photos", name, k)
    for k, name in enumerate(["wave", "night", "field"]):
        save(tmp_path / "styles", name, 10 + k)
    return tmp_path / "photos", tmp_path / "styles"


def names(chosen):
    return [(photo.stem, style.stem) for photo, style in chosen]


def test_every_photo_is_paired_with_a_style(folders):
    assert names(report.pairs(*folders)) == [("cat", "field"), ("dog", "night")]


def test_pairs_from_a_file(folders, tmp_path):
    chosen = tmp_path / "pairs.json"
    chosen.write_text('[["dog", "wave"], ["dog", "night"]]')
    assert names(report.pairs(*folders, chosen)) == [("dog", "wave"), ("dog", "night")]


@pytest.mark.parametrize("text", ["", "{", "[1]", '[["a"]]', '[["bird", "wave"]]'])
def test_a_file_of_pairs_that_cannot_be_used(folders, tmp_path, text):
    chosen = tmp_path / "pairs.json"
    chosen.write_text(text)
    with pytest.raises(InputError, match=r"pairs\.json") as problem:
        report.pairs(*folders, chosen)
    assert "\n" not in str(problem.value)


def test_missing_and_empty_folders(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "none", tmp_path / "empty"):
        with pytest.raises(InputError, match=folder.name):
            report.pairs(folder, folders[1])


def test_a_painter_that_returns_the_photo_is_measured_as_such(folders):
    judge = weights.encoder("compact")
    rows = list(report.evaluate(lambda p: p.photo, judge, report.pairs(*folders), size=64))
    assert [r.content_distance for r in rows] == pytest.approx([0, 0], abs=1e-6)
    assert all(r.style_distance > 0 and r.seconds >= 0 for r in rows)


def test_pictures_painted_before_are_looked_up_by_name(folders, tmp_path):
    painted = tmp_path / "painted"
    for photo, style in names(report.pairs(*folders)):
        save(painted, f"{photo}__{style}", 99, size=(90, 70))
    judge = weights.encoder("compact")
    painter = report.painted_before(painted)
    rows = list(report.evaluate(painter, judge, report.pairs(*folders), size=64))
    assert all(r.content_distance > 0.1 for r in rows)


def test_the_report_holds_means_and_rows():
    rows = [report.Row("a", "b", 0.25, 0.5, 1.0), report.Row("c", "d", 0.75, 0.7, 3.0)]
    found = json.loads(report.as_json(rows))
    assert found["summary"] == {
        "pairs": 2,
        "content_distance": 0.5,
        "style_distance": pytest.approx(0.6),
        "seconds": 2.0,
    }
    assert found["rows"][1]["photo"] == "c"
