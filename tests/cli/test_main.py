import subprocess
import sys

import pytest

import impasto as package

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


def test_reader_that_left(tmp_path):
    """`impasto --help | head -1` ends quietly."""
    with (tmp_path / "errors").open("w+") as errors:
        words = [sys.executable, "-m", "impasto", "optimize", "--help"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors)
        process.stdout.close()
        process.wait()
        errors.seek(0)
        assert errors.read() == ""
