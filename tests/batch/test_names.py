import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.batch import names


@pytest.mark.parametrize(
    ("content", "styles", "folder", "expected"),
    [
        ("in/photo.jpg", ["great-wave"], None, "in/photo-great-wave.jpg"),
        ("photo.jpg", ["a", "b"], "out", "out/photo-a+b.jpg"),
        ("my photo.v2.jpg", ["Starry Night (1889)"], None, "my-photo.v2-Starry-Night-1889.jpg"),
        ("写真.jpg", ["été"], None, "写真-été.jpg"),
        ("photo.jpg", ["../../etc/x"], None, "photo-etc-x.jpg"),
        ("???.jpg", ["***"], None, "photo-style.jpg"),
        ("दिन.jpg", ["irises"], None, "दिन-irises.jpg"),
        ("दान.jpg", ["irises"], None, "दान-irises.jpg"),
        ("ภาพ ที่.jpg", ["irises"], None, "ภาพ-ที่-irises.jpg"),
        ("שָׁלוֹם.jpg", ["irises"], None, "שָׁלוֹם-irises.jpg"),
        ("می\u200cخواهم.jpg", ["irises"], None, "میخواهم-irises.jpg"),
        ("cafe\u0301.jpg", ["irises"], None, "caf\xe9-irises.jpg"),
        ("\u2764\ufe0f.jpg", ["irises"], None, "photo-irises.jpg"),
    ],
)
def test_default_output(content, styles, folder, expected):
    folder = folder and Path(folder)
    assert names.default_output(Path(content), styles, folder) == Path(expected)


@given(st.text(min_size=1).filter(lambda t: not {"/", "\0"} & set(t)), st.lists(st.text()))
def test_default_output_is_always_a_fair_name(stem, styles):
    name = names.default_output(Path(f"{stem}.jpg"), styles, Path("out")).name
    assert len(name.encode()) <= 143
    assert name.endswith(".jpg")
    assert not name.startswith((".", "-"))
    assert all(
        letter.isalnum() or letter in "._-+" or unicodedata.category(letter).startswith("M")
        for letter in name
    )
    assert name == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("a.JPG", ".jpg"),
        ("a.jpeg", ".jpeg"),
        ("a.webp", ".webp"),
        ("a.tiff", ".tiff"),
        ("a.heic", ".jpg"),
        ("a.gif", ".png"),
        ("a.jp2", ".png"),
        ("a", ".png"),
    ],
)
def test_the_format_is_the_photos_where_that_is_written(photo, expected):
    assert names.suffix_for(Path(photo)) == expected


def test_a_letter_is_not_cut_from_its_marks():
    stem = "दि" * 40
    name = names.default_output(Path(f"{stem}.jpg"), ["w"]).name
    assert set(name.removesuffix("-w.jpg")) == {"द", "ि"}
    assert name.count("द") == name.count("ि")
