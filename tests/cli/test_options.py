import dataclasses
import re
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from impasto.cli.optimize import FIRST
from impasto.cli.options import settings_from, with_settings
from impasto.settings import OptimizeSettings


@pytest.fixture
def parse():
    """The settings that words give, or the output of what refuses them."""

    def run(*words):
        app, found = typer.Typer(), []

        @app.command()
        @with_settings(OptimizeSettings, FIRST)
        def command(**options: Any) -> None:
            found.append(settings_from(OptimizeSettings, options))

        result = CliRunner().invoke(app, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return found[0] if found else result

    return run


WORDS = {
    "size": ("512", 512),
    "threads": ("2", 2),
    "quality": ("draft", "draft"),
    "strength": ("0.5", 0.5),
    "brush": ("2", 2.0),
    "content_weight": ("3", 3.0),
    "style_weight": ("4", 4.0),
    "tv_weight": ("0", 0.0),
    "structure_weight": ("0.25", 0.25),
    "palette_weight": ("0.25", 0.25),
    "tone_weight": ("0.25", 0.25),
    "style_loss": ("gram", "gram"),
    "content_layers": ("relu3_1, relu4_1", ("relu3_1", "relu4_1")),
    "style_layers": ("relu1_1", ("relu1_1",)),
    "style_layer_weights": ("1,0,2,0.5,1e-1", (1.0, 0.0, 2.0, 0.5, 0.1)),
    "encoder": ("vgg19", "vgg19"),
    "pooling": ("average", "average"),
    "first_padding": ("zero", "zero"),
    "init": ("noise", "noise"),
    "optimizer": ("lbfgs", "lbfgs"),
    "learning_rate": ("0.1", 0.1),
    "steps": ("7", 7),
    "seed": ("3", 3),
    "precision": ("float32", "float32"),
    "low_memory": (None, True),
    "colour": ("linear", "linear"),
    "contrast": ("0.2", 0.2),
    "work_size": ("900", 900),
    "tile": ("256", 256),
}


def test_defaults_are_the_library_s(parse):
    assert parse() == OptimizeSettings()


def test_every_field_is_an_option(parse):
    assert set(WORDS) == {field.name for field in dataclasses.fields(OptimizeSettings)}
    for name, (word, value) in WORDS.items():
        option = "--" + name.replace("_", "-")
        found = parse(option) if word is None else parse(option, word)
        assert found == OptimizeSettings(**{name: value})


@pytest.mark.parametrize(
    "words",
    [
        ("--size", "15"),
        ("--size", "1.5"),
        ("--strength", "1.1"),
        ("--quality", "superb"),
        ("--steps", "0"),
        ("--seed", "-1"),
    ],
)
def test_out_of_bounds(parse, words):
    result = parse(*words)
    assert result.exit_code == 2
    assert f"Invalid value for '{words[0]}'" in result.stderr


def test_help_has_two_panels(parse):
    text = parse("--help").stdout
    first, advanced = text.split("Advanced")
    for name in WORDS:
        option = "--" + name.replace("_", "-")
        assert re.search(rf"{option}[ ,]", first if name in FIRST else advanced)


def test_colour_has_two_spellings(parse):
    assert parse("--color", "linear").colour == "linear"
