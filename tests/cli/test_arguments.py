import os
from pathlib import Path
from typing import get_args

import pytest
import typer

from impasto.batch.plan import names_folder
from impasto.cli.arguments import (
    FileFormat,
    check_format,
    output_file,
    output_word,
    parse_region,
    parse_style,
    picture_file,
)
from impasto.errors import InputError, SettingError
from impasto.image.suffixes import OUTPUT_FORMATS


@pytest.mark.parametrize(
    ("word", "parsed"),
    [
        ("wave.jpg", ("wave.jpg", 1)),
        ("wave.jpg:2", ("wave.jpg", 2)),
        ("wave.jpg:.5", ("wave.jpg", 0.5)),
        ("wave.jpg:1e-2", ("wave.jpg", 0.01)),
        ("wave.jpg:-1", ("wave.jpg", -1)),
        ("wave.jpg:", ("wave.jpg:", 1)),
        (r"C:\art\wave.jpg", (r"C:\art\wave.jpg", 1)),
        (r"C:\art\wave.jpg:2", (r"C:\art\wave.jpg", 2)),
        ("C:/wave.jpg:0.5", ("C:/wave.jpg", 0.5)),
        ("a:b.jpg", ("a:b.jpg", 1)),
        ("a:b.jpg:3", ("a:b.jpg", 3)),
        (":2", (":2", 1)),
    ],
)
def test_parse_style(word, parsed):
    assert parse_style(word) == (Path(parsed[0]), parsed[1])


@pytest.mark.parametrize(
    "word", ["great-wave:0,5", "great-wave:50%", "great-wave:x", "nix.jpg:0,5", "monet: 30 %"]
)
def test_parse_style_with_a_bad_weight(word):
    with pytest.raises(SettingError, match="is not a weight; write a number"):
        parse_style(word)


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no colon in a name")
def test_parse_style_that_is_a_file(tmp_path):
    path = tmp_path / "12:30"
    path.touch()
    assert parse_style(str(path)) == (path, 1)
    assert parse_style(f"{path}:2") == (path, 2)


@pytest.mark.parametrize(
    ("word", "parsed"),
    [
        ("sky.png=wave.jpg", ("sky.png", "wave.jpg", 1)),
        ("sky.png=wave.jpg:2", ("sky.png", "wave.jpg", 2)),
        ("alpha=a=b.jpg", ("alpha", "a=b.jpg", 1)),
        (r"C:\sky.png=C:\wave.jpg:.5", (r"C:\sky.png", r"C:\wave.jpg", 0.5)),
    ],
)
def test_parse_region(word, parsed, tmp_path, monkeypatch):
    mask, style, weight = parsed
    monkeypatch.chdir(tmp_path)
    if mask != "alpha":
        Path(mask).touch()
    assert parse_region(word) == (mask, Path(style), weight)


def test_a_mask_may_have_the_sign_in_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a=b.png").touch()
    assert parse_region("a=b.png=wave.jpg:2") == ("a=b.png", Path("wave.jpg"), 2)
    assert parse_region("a=b.png=c=d.jpg") == ("a=b.png", Path("c=d.jpg"), 1)
    Path("b.png").touch()
    assert parse_region("b.png=a=b.png") == ("b.png", Path("a=b.png"), 1)
    Path("a").mkdir()
    assert parse_region("a=b.png=wave.jpg") == ("a=b.png", Path("wave.jpg"), 1)
    assert parse_region("a=c.png=wave.jpg") == ("a", Path("c.png=wave.jpg"), 1)


def test_a_mask_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("b.png").touch()
    for word, masks in (("nix.png=udnie", "nix.png"), ("nix=b.png=udnie", "nix, or nix=b.png")):
        message = f"^{masks}: no such file; check the spelling of the mask$"
        with pytest.raises(InputError, match=message):
            parse_region(word)


def test_no_word_is_no_style_and_no_picture():
    with pytest.raises(SettingError, match="the name of a style is empty"):
        parse_style("")
    with pytest.raises(typer.BadParameter, match="the name is empty; name a picture"):
        picture_file("")
    assert picture_file("a.png") == Path("a.png")


def test_output_word(tmp_path):
    assert output_word("out.v3/") == "out.v3/"
    assert output_word(".png/") == ".png/"
    assert output_file("out/x.png") == Path("out/x.png")
    for word in ("", ".png", "out/.jpg"):
        for parse in (output_word, output_file):
            with pytest.raises(typer.BadParameter):
                parse(word)
    assert output_word("-") == "-"
    with pytest.raises(typer.BadParameter, match="only paintings go to standard output"):
        output_file("-")
    with pytest.raises(typer.BadParameter, match=r"out\.png is a folder; name a file in it"):
        output_file("out.png/")


def test_formats_are_formats_of_paintings():
    words = get_args(get_args(get_args(FileFormat)[0])[0])
    assert {check_format(word, None, None) for word in words} <= set(OUTPUT_FORMATS)
    assert {OUTPUT_FORMATS[check_format(word, None, None)] for word in words} == set(
        OUTPUT_FORMATS.values()
    )


def test_names_folder(tmp_path):
    there = tmp_path / "there.jpg"
    there.mkdir()
    for word in ("out", "out.v3/", "..", ".hidden", str(there)):
        assert names_folder(word)
    for word in ("out.png", "out.v3", "x" * 300 + ".png"):
        assert not names_folder(word)


def test_help_shows_no_names_of_functions(impasto):
    for words in (("stylize",), ("optimize",), ("mix",), ("styles", "sheet"), ("styles", "add")):
        told = impasto(*words, "--help").stdout
        for name in ("<picture_file>", "<output_file>", "<output_word>"):
            assert name not in told
