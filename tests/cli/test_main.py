"""impasto as a program: how it starts and ends."""

import os
import subprocess
import sys

import pytest

import impasto as package

HEAVY = ("numpy", "PIL", "torch", "onnxruntime", "safetensors", "matplotlib", "pooch")


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


@pytest.mark.parametrize(("loaded", "ended"), [("json", ""), ("torch", "ended\n")])
@pytest.mark.parametrize(
    ("words", "exit_code", "printed"),
    [(["--version"], 0, f"impasto {package.__version__}\n"), (["painting"], 2, "")],
)
def test_python_ends_in_its_own_way_only_for_those_who_need_it(
    words, exit_code, printed, loaded, ended
):
    code = (
        f"import atexit, sys; atexit.register(print, 'ended'); sys.modules[{loaded!r}] = None\n"
        f"sys.argv = ['impasto', *{words}]\n"
        "from impasto.cli import run; run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (exit_code, printed + ended)
    assert ("no such command" in done.stderr) == (exit_code == 2)


def test_who_calls_the_program_goes_on():
    code = (
        "import sys; sys.argv = ['impasto', '--version']\n"
        "from impasto.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print('went on', end.code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == f"impasto {package.__version__}\nwent on 0\n"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii:strict", "latin-1"])
def test_letters_that_the_output_lacks_are_replaced(encoding, photo):
    folder = photo.parent / "album"
    folder.mkdir()
    for name in ("a", "\u5199\u771f", "\uc790"):
        (folder / f"{name}.jpg").write_bytes(photo.read_bytes())
    (folder / "\u5199.jpg").write_text("no photo")
    words = [sys.executable, "-m", "impasto", "stylize", folder, "-s", "irises", "--size", "32"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(words, capture_output=True, env=environment)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == len(list((folder / "painted").iterdir())) == 3
    assert b"Traceback" not in done.stderr
    assert b".jpg: not a picture" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of its own")
@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_stream_that_is_closed(closed):
    command = f'"{sys.executable}" -m impasto --version {closed}'
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_reader_that_left(tmp_path):
    """`impasto --help | head -1` ends quietly."""
    with (tmp_path / "errors").open("w+") as errors:
        words = [sys.executable, "-m", "impasto", "optimize", "--help"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors)
        process.stdout.close()
        process.wait()
        errors.seek(0)
        assert errors.read() == ""
