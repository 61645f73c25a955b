"""Cold-start tricks change speed only."""

import subprocess
import sys

import pytest


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_onnxruntime_is_there_for_whoever_imports_it_next():
    code = (
        "from impasto.cli import startup; startup.import_onnxruntime_ahead()\n"
        "from impasto.feedforward.runtime import onnxruntime; print(onnxruntime.__name__)"
    )
    assert run(code).stdout == "onnxruntime\n"


def test_a_missing_onnxruntime_is_told_where_it_is_needed():
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from impasto.cli import startup; startup.import_onnxruntime_ahead(); print('on')"
    )
    done = run(code)
    assert (done.stdout, done.stderr) == ("on\n", "")


@pytest.mark.parametrize(("given", "expected"), [("", "1"), ("3", "3")])
def test_the_user_s_number_of_threads_stays(monkeypatch, given, expected):
    from impasto.cli import startup

    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
    import os

    startup.use_one_blas_thread()
    assert os.environ["OPENBLAS_NUM_THREADS"] == expected


@pytest.mark.parametrize("code", [0, 3])
def test_leaving_ends_with_the_code_and_loses_no_output(code):
    done = run(f"from impasto.cli import startup; print('all'); startup.leave({code})")
    assert (done.returncode, done.stdout) == (code, "all\n")


def test_leaving_with_a_message_prints_it():
    done = run("from impasto.cli import startup; startup.leave('why')")
    assert (done.returncode, done.stderr) == (1, "why\n")


def test_stylize_opens_no_perceptual_encoder_and_imports_no_torch(photo, wave, tmp_path):
    code = (
        "import sys\n"
        "opened = []\n"
        "def hear(event, args):\n"
        "    if event == 'open': opened.append(str(args[0]))\n"
        "sys.addaudithook(hear)\n"
        "from impasto.cli import run\n"
        "sys.argv = ['impasto', *sys.argv[1:]]\n"
        "try:\n"
        "    run()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "assert any('out.png' in path or '.impasto-' in path for path in opened), opened\n"
        "assert not [path for path in opened if path.endswith('.safetensors')], opened\n"
        "assert 'torch' not in sys.modules\n"
    )
    words = ["stylize", photo, "--style", wave, "--output", tmp_path / "out.png", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").is_file()
