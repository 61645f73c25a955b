import errno
import re
from difflib import get_close_matches

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

import impasto as package
from impasto.cli import app as program
from impasto.cli import errors


def commands(command, *words):
    """Every command of the program and every group of them: the words that call it, and itself."""
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *words, name)


COMMANDS = list(commands(get_command(program.app)))
NUMBERS = [
    (*words, parameter.opts[0])
    for words, command in COMMANDS
    for parameter in command.params
    if hasattr(parameter.type, "min")
]
CHOICES = [
    (*words, parameter.opts[0])
    for words, command in COMMANDS
    for parameter in command.params
    if hasattr(parameter.type, "choices")
]

WANTING = [words for words, command in COMMANDS if any(p.required for p in command.params)]
WITHOUT_ARGUMENTS = [
    words
    for words, command in COMMANDS
    if words not in WANTING and all(p.param_type_name == "option" for p in command.params)
]

every_command = pytest.mark.parametrize(
    ("words", "command"), COMMANDS, ids=[" ".join(words) or "impasto" for words, _ in COMMANDS]
)


@every_command
def test_unknown_option(fails, words, command):
    line = fails("no such option", *words, "--zzzz")
    assert line.endswith(f"; see {' '.join(('impasto', *words))} --help")


@every_command
def test_mistyped_option(fails, words, command):
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--"):
                line = fails(f"--{option[2:]}q", *words, f"--{option[2:]}q")
                alike = get_close_matches(f"{option}q", [option])
                assert all(name in line.partition("did you mean ")[2] for name in alike)


@every_command
def test_unknown_and_mistyped_command(fails, words, command):
    for name in getattr(command, "commands", {}):
        fails("no such command", *words, "zzz")
        line = fails(f"no such command '{name}q'", *words, f"{name}q")
        assert name in line.partition("did you mean ")[2]


@pytest.mark.parametrize("words", WANTING, ids=" ".join)
def test_too_little(fails, words):
    fails("missing ", *words)


@pytest.mark.parametrize("words", WITHOUT_ARGUMENTS, ids=" ".join)
def test_too_much(fails, words):
    fails("zzz", *words, "zzz")


@pytest.mark.parametrize("words", NUMBERS, ids=" ".join)
def test_numbers(fails, words):
    line = fails("; it must be ", *words, "-1")
    assert re.search(r"; it must be (from \S+ to \S+|at least \d+); see impasto", line)
    line = fails("'many' is not a ", *words, "many")
    assert line.partition("'many' is not a ")[2].startswith(("number;", "whole number;"))


@pytest.mark.parametrize("words", CHOICES, ids=" ".join)
def test_choices(fails, words):
    fails("'nonsense' is not one of ", *words, "nonsense")


def test_bounds_of_numbers(fails):
    line = fails("'--size': 5; it must be from 16 to 16384; see", "stylize", "--size", "5")
    assert line.endswith("impasto stylize --help")
    fails("0.05; it must be from 0.1 to 4;", "stylize", "--brush", "0.05")
    fails("0; it must be at least 1;", "optimize", "--preview-every", "0")


def test_words_too_many(fails):
    fails("too many words: b.jpg c.jpg; see", "styles", "sheet", "a.jpg", "b.jpg", "c.jpg")


def test_option_without_its_value(fails):
    fails("option '--size' requires an argument", "stylize", "photo.jpg", "--size")
    fails("option '--version' does not take a value", "--version=3")


def test_a_word_that_would_break_the_line(fails):
    fails("no such option", "stylize", "--a\nb")
    fails("no such command", "a\x1b[31m\nb")


@pytest.mark.parametrize("words", [[], ["weights"], ["train"]])
def test_no_words_get_the_help(impasto, words):
    result = impasto(*words)
    assert result.exit_code == 2
    assert "Usage: impasto" in result.output
    assert "impasto: error" not in result.output


@pytest.mark.parametrize(
    ("problem", "exit_code", "line"),
    [
        (package.InputError("a.jpg: broken"), 2, "impasto: error: a.jpg: broken\n"),
        (package.DeviceError("no GPU"), 1, "impasto: error: no GPU\n"),
        (MemoryError(), 1, "impasto: error: not enough memory; try a smaller --size\n"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "impasto: error: the disk is full; free some space or write elsewhere\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "runs"),
            2,
            "impasto: error: runs: permission denied; check the permissions\n",
        ),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, ""),
    ],
)
def test_failures_are_one_line(problem, exit_code, line):
    app = typer.Typer(cls=program.Program, pretty_exceptions_enable=False)

    @app.callback()
    def group():
        pass

    @app.command()
    def fail():
        raise problem

    result = CliRunner().invoke(app, ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", line)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the file exists; replace it with overwrite=True", "replace it with --overwrite"),
        ("or strip_metadata=True", "or --strip-metadata"),
        ("f(x)=True", "f(x)=True"),
    ],
)
def test_settings_are_spelled_as_options(message, shown):
    assert shown in errors.spelled(message)
