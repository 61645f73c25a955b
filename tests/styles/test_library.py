from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.api.sources import load_style, style_file
from impasto.errors import InputError, OutputError
from impasto.models.assets import FOLDER
from impasto.models.spec import ModelSpec
from impasto.styles import catalogue, library, names, storage


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty folder of the user's own styles, which does not exist yet."""
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "own"))
    return tmp_path / "own"


def test_shipped_styles_are_those_of_the_catalogue():
    works = catalogue.read(library.SHIPPED.with_suffix(".tsv"))
    styles = library.shipped()
    assert list(styles) == [work.name for work in works]
    for work in works:
        style = styles[work.name]
        assert (style.title, style.artist, style.year) == (work.title, work.artist, work.year)
        assert "public domain" in work.source


def test_every_shipped_style_has_a_small_picture():
    pictures = {path.name: path for path in names.PICTURES.glob("*.jpg")}
    assert set(pictures) == {work.file for work in catalogue.read(names.CATALOGUE)}
    assert set(pictures.values()) == {library.picture(name) for name in library.shipped()}
    for path in pictures.values():
        with Image.open(path) as picture:
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
            assert 192 <= min(picture.size) <= max(picture.size) <= 512
    assert sum(path.stat().st_size for path in pictures.values()) < 3_000_000


def test_the_table_of_the_pictures_is_that_of_the_catalogue():
    table = (names.PICTURES / "README.md").read_text("utf-8")
    for work in catalogue.read(names.CATALOGUE):
        where, why = work.source.split("; public domain: ")
        what = ", ".join(part for part in (work.title, work.artist, work.year) if part)
        assert f"| `{work.name}` | {what} | {where} | {why} |" in table


def test_a_shipped_style_has_the_colours_of_its_picture():
    picture, style = library.picture("four-aces"), library.find("four-aces")
    same = load_style(picture)
    assert np.abs(same.colour_mean - style.colour_mean).max() < 0.01
    assert np.abs(same.colour_covariance - style.colour_covariance).max() < 0.01


@pytest.mark.parametrize("name", ["great-wav", "mine"])
def test_only_shipped_styles_have_pictures(make_style, name):
    library.add("mine", make_style())
    with pytest.raises(InputError, match="not a built-in style"):
        library.picture(name)


def test_shipped_styles_are_of_the_shipped_encoder():
    space = ModelSpec.read(FOLDER / "painter.onnx").style_space
    assert all(space in style.vectors for style in library.shipped().values())


def test_find():
    assert library.find("great-wave").artist == "Katsushika Hokusai"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("great-wav", "did you mean great-wave"),
        ("starrynigt", "did you mean starry-night"),
        ("UDNI", "did you mean udnie"),
        ("xyzzy", "`impasto styles` lists the names"),
        ("no-such", "`impasto styles` lists the names"),
        ("", "lists the names"),
        ("../great-wave", "../great-wave: no such file; did you mean great-wave?"),
        ("nix.jpg", "nix.jpg: no such file; check the spelling"),
    ],
)
def test_find_names_near_ones(name, hint):
    with pytest.raises(InputError) as raised:
        library.find(name)
    assert hint in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_add_find_remove(make_style, folder):
    path = library.add("mine", make_style(title="Mine"))
    assert path == folder / "mine.npz"
    assert list(names.own()) == ["mine"]
    assert library.find("mine").title == "Mine"
    with pytest.raises(InputError, match="did you mean mine"):
        library.find("mune")
    library.remove("mine")
    assert names.own() == {}
    with pytest.raises(InputError, match="you have no style of this name"):
        library.remove("mine")


def test_names_are_alike_whatever_the_case(make_style):
    library.add("MINE", make_style())
    assert library.resolve("mine") == "MINE"
    with pytest.raises(InputError, match="did you mean MINE"):
        library.find("min")


def test_add_replaces_only_when_told(make_style):
    library.add("mine", make_style(title="first"))
    with pytest.raises(
        OutputError, match=r"^mine: you have a style of this name; .*overwrite=True"
    ):
        library.add("mine", make_style())
    library.add("mine", make_style(title="second"), overwrite=True)
    assert library.find("mine").title == "second"


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "a:2", "-a", ".a", "a.npz", "x" * 65])
def test_add_refuses_names(make_style, name, folder):
    with pytest.raises(InputError, match="not a valid name"):
        library.add(name, make_style())
    assert not folder.exists()


@pytest.mark.parametrize("name", ["a", "great-wave2", "été", "波", "my_style"])
def test_add_takes_names(make_style, name):
    library.add(name, make_style())
    assert name in names.own()


def test_shipped_names_are_taken(make_style):
    with pytest.raises(InputError, match="a built-in style has this name; choose another"):
        library.add("great-wave", make_style())
    with pytest.raises(InputError, match="cannot be removed"):
        library.remove("great-wave")


def test_file_of_several(make_style, tmp_path):
    storage.save(tmp_path / "two.npz", {"a": make_style(1), "b": make_style(2)})
    with pytest.raises(InputError, match="holds 2 styles"):
        library.read(tmp_path / "two.npz")


def test_a_style_is_found_by_title_and_artist(make_style):
    assert library.find("Great_Wave").notices == ()
    found = library.find("The Great Wave off Kanagawa")
    assert found.vector is not None
    (notice,) = found.notices
    assert "was read as the style great-wave (The Great Wave off Kanagawa, Katsushika" in notice
    library.add("mine", replace(make_style(), title="Fjord", artist="Anna Ancher"))
    assert library.resolve("ancher") == "mine"


def test_several_styles_that_fit_are_listed():
    with pytest.raises(InputError, match="'monet': 3 styles match") as caught:
        library.find("monet")
    for name in ("cliff-walk", "impression-sunrise", "water-lilies"):
        assert f"{name} (" in str(caught.value)


def test_a_folder_of_styles_that_is_locked_is_told_once(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "loop"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert names.own() == {}
    (notice,) = library.find("great-wave").notices
    assert notice.startswith("your own styles cannot be used: ")
    assert str(tmp_path / "loop") in notice


def test_a_folder_is_no_style(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "irises").mkdir()
    (tmp_path / "other").mkdir()
    assert np.array_equal(load_style("irises").vector, library.find("irises").vector)
    assert style_file(Path("irises")) == library.picture("irises")
    with pytest.raises(InputError, match="other: this is a folder"):
        load_style("other")
