from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.batch import names


@pytest.mark.parametrize(
    ("content", "styles", "folder", "expected"),
    [
        ("in/photo.jpg", ["great-wave"], None, "in/photo-great-wave.png"),
        ("photo.jpg", ["a", "b"], "out", "out/photo-a+b.png"),
        ("my photo.v2.jpg", ["Starry Night (1889)"], None, "my-photo.v2-Starry-Night-1889.png"),
        ("写真.jpg", ["été"], None, "写真-été.png"),
        ("photo.jpg", ["../../etc/x"], None, "photo-etc-x.png"),
        ("???.jpg", ["***"], None, "photo-style.png"),
    ],
)
def test_default_output(content, styles, folder, expected):
    folder = folder and Path(folder)
    assert names.default_output(Path(content), styles, folder) == Path(expected)


@given(st.text(min_size=1).filter(lambda t: not {"/", "\0"} & set(t)), st.lists(st.text()))
def test_default_output_is_always_a_fair_name(stem, styles):
    name = names.default_output(Path(f"{stem}.jpg"), styles, Path("out")).name
    assert len(name.encode()) <= 143
    assert name.endswith(".png")
    assert not name.startswith((".", "-"))
    assert all(letter.isalnum() or letter in "._-+" for letter in name)
