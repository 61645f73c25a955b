"""The README's commands and its Python block, run as they stand in a copy of the samples."""

import re
import shlex
import shutil
from itertools import takewhile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from impasto.cli.app import app

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(TEXT) if kind == language]


def commands() -> list[str]:
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line.split("#")[0].strip() for line in lines if line.startswith("impasto ")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as the README's reader has it: the samples, and a photo and a painting."""
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    shutil.copy(ROOT / "samples/photos/chelsea.jpg", tmp_path / "photo.jpg")
    shutil.copy(ROOT / "samples/styles/wave.jpg", tmp_path / "painting.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str):
    return CliRunner().invoke(app, shlex.split(command)[1:])


PAINTING = ("impasto optimize ", "impasto stylize ", "impasto mix ")


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith(PAINTING)])
def test_a_command_that_paints(folder, command):
    before = set(folder.iterdir())
    if " optimize " in command:  # in everything but its size, which is for patience
        command = re.sub(r"--size \d+", "", command) + " --size 96 --steps 2"
    result = run(command)
    assert result.exit_code == 0, result.output
    assert len(set(folder.iterdir()) - before) == 1


@pytest.mark.parametrize("command", [c for c in commands() if not c.startswith(PAINTING)])
def test_a_command_whose_work_takes_hours_or_a_download_has_its_options(command):
    words = shlex.split(command)
    named = list(takewhile(lambda word: not word.startswith("-"), words[1:]))
    help_text = CliRunner().invoke(app, [*named, "--help"], env={"COLUMNS": "200"}).output
    for option in (word for word in words if word.startswith("--")):
        assert option in help_text


def test_the_python_block(folder):
    for body in blocks("python"):
        exec(compile(body.replace("size=256", "size=96, steps=2"), "README.md", "exec"), {})
    assert (folder / "cat-wave.png").is_file()
    assert (folder / "cat-great-wave.png").is_file()
