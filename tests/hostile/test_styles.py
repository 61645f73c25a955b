"""Files of styles, and the folder of the user's own, with whatever a stranger puts into them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn
from typer.testing import CliRunner

import impasto
from impasto.cli.app import app
from impasto.errors import InputError, OutputError
from impasto.styles import library, storage
from impasto.styles.embedding import TEXTS

SIZE = 480

SOUND = {
    "vectors-a": np.zeros((1, SIZE), np.float32),
    "colour_means": np.zeros((1, 3), np.float32),
    "colour_covariances": np.zeros((1, 3, 3), np.float32),
    "entries": np.frombuffer(
        json.dumps([dict.fromkeys(["name", *TEXTS], "a") | {"rows": {"a": 0}}]).encode(), np.uint8
    ),
}
"""The arrays of a file of one style."""

FLOATS = st.floats(width=32)

ARRAYS = st.one_of(
    *(
        drawn.arrays(np.float32, shape, elements=FLOATS, fill=FLOATS)
        for shape in [(1, SIZE), (2, SIZE), (1, 3), (1, 3, 3), (0, 3)]
    ),
    drawn.arrays(
        st.sampled_from(["u1", "<i8", ">f4", "f8", "?", "U3", "c8"]),
        drawn.array_shapes(min_dims=0, max_side=4),
    ),
)
"""Arrays of right and of wrong types and shapes."""

WORDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "size", "a", *TEXTS]), inner)
        | st.fixed_dictionaries(dict.fromkeys(["name", "rows", *TEXTS], inner))
    ),
    max_leaves=8,
)
"""What JSON can tell, often something like a style's texts."""

LINES = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"]))

some = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("styles") / "strange.npz"


@pytest.fixture
def own(monkeypatch, tmp_path):
    """An empty folder of the user's own styles."""
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def check_loading(path):
    """Loads styles that are fit to paint with, or fails with one line about the file."""
    try:
        styles = dict(storage.load(path))
    except InputError as problem:
        assert str(problem).startswith(f"{path}: ")
        assert str(problem).isprintable()
        return
    for name, style in styles.items():
        assert np.isfinite(style.vector).all()
        assert np.linalg.eigvalsh(style.colour_covariance.astype(float)).min() > -1e-3
        assert all(text.isprintable() for text in (name, *(getattr(style, t) for t in TEXTS)))


def test_the_sound_file_is_sound(path):
    np.savez(path, **SOUND)
    assert list(dict(storage.load(path))) == ["a"]


@some
@given(st.sampled_from(list(SOUND)), ARRAYS)
def test_any_array_in_place_of_one(path, key, array):
    np.savez(path, **(SOUND | {key: array}))
    check_loading(path)


@some
@given(WORDS | st.lists(WORDS, min_size=1, max_size=1))
def test_any_words_in_place_of_the_names(path, told):
    words = np.frombuffer(json.dumps(told).encode() or b" ", np.uint8)
    np.savez(path, **(SOUND | {"entries": words}))
    check_loading(path)


@some
@given(st.data())
def test_damaged_files(path, data):
    np.savez(path, **SOUND)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    check_loading(path)


@some
@given(LINES, LINES, LINES)
def test_what_is_saved_can_be_loaded(path, title, artist, year):
    style = replace(library.find("great-wave"), title=title, artist=artist, year=year)
    storage.save(path, {"wave": style}, overwrite=True)
    (found,) = storage.load(path).values()
    assert (found.title, found.artist, found.year) == (title, artist, year)
    assert np.array_equal(found.vector, style.vector)


@pytest.mark.parametrize("title", ["two\nlines", "\x1b[31mred", "\udcff", 1831, None])
def test_a_title_that_is_no_line_is_refused_at_once(title):
    """Not when it is read again: then the style would be lost, and the list of styles with it."""
    with pytest.raises(InputError, match="a style's title must be one line"):
        replace(library.find("great-wave"), title=title)


@pytest.mark.parametrize("name", ["two\nlines.npz", "a\udcff.npz", "A.NPZ"])
def test_odd_names_of_files(name, tmp_path):
    impasto.save_style(library.find("great-wave"), tmp_path / name)
    assert impasto.load_style(tmp_path / name).artist == "Katsushika Hokusai"


@pytest.mark.parametrize("name", ["wave", "wave.npy", ".npz"])
def test_names_that_no_style_would_be_looked_for_under(name, tmp_path):
    with pytest.raises(OutputError, match=r"must end in \.npz"):
        impasto.save_style(library.find("great-wave"), tmp_path / name)


def test_a_folder_of_odd_things(own, impasto_fails):
    (own / "folder.npz").mkdir()
    (own / "empty.npz").touch()
    (own / "link.npz").symlink_to(own / "nowhere.npz")
    (own / "notes.txt").write_text("no style")
    for name in ("folder", "empty", "link"):
        impasto_fails(own / f"{name}.npz", "stylize", __file__, "-s", name)
    listed = CliRunner().invoke(app, ["styles"])
    assert listed.exit_code == 0, listed.output
    assert "great-wave" in listed.stdout
    for name, line in zip(("empty", "folder", "link"), listed.stderr.splitlines(), strict=True):
        assert line.startswith(f"impasto: {own / name}.npz: ")
    impasto_fails(own / "folder.npz", "styles", "remove", "folder")
    for name in ("empty", "link"):
        library.remove(name)
