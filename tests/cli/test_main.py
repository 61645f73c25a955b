import errno
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import impasto as package
from impasto.cli import app as program

HEAVY = ("numpy", "PIL", "torch", "onnxruntime", "safetensors", "matplotlib", "pooch")


def test_version(impasto):
    result = impasto("--version")
    assert (result.exit_code, result.stdout) == (0, f"impasto {package.__version__}\n")


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        ["optimize", "--help"],
        ["weights", "--help"],
        ["train", "encoder", "--help"],
    ],
)
def test_answers_without_heavy_imports(words):
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({HEAVY}))\n"
        f"sys.argv = ['impasto', *{words}]\n"
        "from impasto.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "impasto" in done.stdout
    assert done.stderr == ""


def test_runs_as_a_module():
    words = [sys.executable, "-m", "impasto", "--version"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout == f"impasto {package.__version__}\n"


def test_lists_its_commands(impasto):
    result = impasto("--help")
    for command in ("optimize", "weights", "train"):
        assert command in result.stdout


@pytest.mark.parametrize("words", [["optimise"], ["--colour"], ["optimize"], ["weights", "get"]])
def test_wrong_words(impasto, words):
    result = impasto(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: impasto" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("problem", "exit_code", "line"),
    [
        (package.InputError("a.jpg: broken"), 2, "impasto: error: a.jpg: broken\n"),
        (package.DeviceError("no GPU"), 1, "impasto: error: no GPU\n"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "impasto: error: the disk is full; free some space or write elsewhere\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "runs"),
            2,
            "impasto: error: runs: permission denied\n",
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


def test_reader_that_left(tmp_path):
    """`impasto --help | head -1` ends quietly."""
    with (tmp_path / "errors").open("w+") as errors:
        words = [sys.executable, "-m", "impasto", "optimize", "--help"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors)
        process.stdout.close()
        process.wait()
        errors.seek(0)
        assert errors.read() == ""
