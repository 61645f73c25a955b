"""Completion as the shells ask for it: the program run with their words in its environment."""

import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from impasto.styles import library

HEAVY = ("numpy", "PIL", "torch", "onnxruntime", "safetensors", "matplotlib", "pooch", "rich")
PROGRAM = (
    f"import sys; sys.modules.update(dict.fromkeys({HEAVY})); sys.argv = ['impasto']\n"
    "from impasto.cli import main; main()"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a picture and a text, and an own style elsewhere."""
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(library.SHIPPED, own / "grandmas-quilt.npz")
    monkeypatch.setenv("IMPASTO_STYLES", str(own))
    here = tmp_path / "here"
    here.mkdir()
    Image.new("RGB", (8, 8)).save(here / "great-day.jpg")
    (here / "great-expectations.txt").write_text("not a picture")
    monkeypatch.chdir(here)
    return here


def completed(*words):
    """What bash is offered for the last of the words; nothing heavy can be imported meanwhile."""
    asked = {
        "_IMPASTO_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("impasto", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands():
    assert {"stylize", "styles"} <= set(completed("sty"))


@pytest.mark.parametrize("command", ["stylize", "mix"])
def test_styles_and_pictures_that_begin_so(folder, command):
    assert completed(command, "--style", "gr") == ["great-wave", "grandmas-quilt", "great-day.jpg"]


def test_files_are_left_to_the_shell_where_no_style_begins_so(folder):
    assert completed("stylize", "--style", "./gr") == []
    assert completed("stylize", "gr") == []
    assert completed("optimize", "--style", "gr") == []
    assert completed("optimize", "--resume", "gr") == []


def test_words_of_a_choice():
    assert completed("optimize", "--quality", "b") == ["best"]


BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="needs bash")
def test_in_bash(folder):
    """The script that the program prints, sourced; and a word completed by it."""
    words = [sys.executable, "-m", "impasto", "--show-completion"]
    asked = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = subprocess.run(
        [*words, "bash"], env=os.environ | asked, capture_output=True, text=True, check=True
    ).stdout
    program = folder / "impasto"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m impasto "$@"\n')
    program.chmod(0o755)
    asking = (
        f"{script}\n"
        "COMP_WORDS=(impasto stylize --style great-w) COMP_CWORD=3\n"
        '_impasto_completion ./impasto; echo "${COMPREPLY[@]}"; complete -p impasto'
    )
    done = subprocess.run([BASH, "-c", asking], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == [
        "great-wave",
        "complete -o default -F _impasto_completion impasto",
    ]
