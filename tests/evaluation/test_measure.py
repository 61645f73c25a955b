import pytest

from impasto.errors import InputError
from impasto.evaluation import pairs
from impasto.evaluation.measure import Candidate, Series, measure, painted_before


def test_a_painter_that_returns_the_photo_or_the_style_is_measured_as_such(folders, judge):
    candidates = [
        Candidate("photo", 0.0, lambda pair: pair.photo),
        Candidate("style", 1.0, lambda pair: pair.style),
    ]
    found = [m.row for m in measure(candidates, judge, pairs.choose(*folders), size=64)]
    assert [(r.photo, r.style, r.engine) for r in found] == [
        ("cat", "field", "photo"),
        ("cat", "field", "style"),
        ("dog", "night", "photo"),
        ("dog", "night", "style"),
    ]
    assert [r.content_distance for r in found[::2]] == pytest.approx([0, 0], abs=1e-6)
    assert [r.style_distance for r in found[1::2]] == pytest.approx([0, 0], abs=1e-6)
    assert all(r.style_distance > 0 for r in found[::2])
    assert all(r.seconds >= 0 for r in found)


def test_pictures_painted_before_are_looked_up_by_name(folders, judge, save, tmp_path):
    chosen = pairs.choose(*folders)
    for photo, style in chosen:
        save(tmp_path / "painted", f"{photo.stem}__{style.stem}", 99, size=(90, 70))
    candidate = Candidate("painted", None, painted_before(tmp_path / "painted", chosen))
    found = list(measure([candidate], judge, chosen, size=64))
    assert all(m.row.content_distance > 0.1 for m in found)
    assert all(m.painting.shape == m.pair.photo.shape for m in found)


def test_a_missing_picture_is_told_before_the_work(folders, save, tmp_path):
    save(tmp_path / "painted", "cat__field", 99)
    with pytest.raises(InputError, match=r"dog__night\.png: no such picture"):
        painted_before(tmp_path / "painted", pairs.choose(*folders))


def test_a_series_says_its_strength_where_it_is_known():
    assert [str(Series("stylize", 0.7)), str(Series("stylize", 1.0))] == [
        "stylize 0.7",
        "stylize 1",
    ]
    assert str(Series("folder/of/pictures", None)) == "folder/of/pictures"
