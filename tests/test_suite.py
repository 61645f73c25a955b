"""The test-suite itself."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_every_module_has_its_tests_where_one_looks_for_them():
    """The tests of src/impasto/X/Y.py are in tests/X/test_Y.py."""
    package = ROOT / "src" / "impasto"
    modules = {m.relative_to(package) for m in package.rglob("*.py") if not m.stem.startswith("_")}
    mirrors = {m: ROOT / "tests" / m.parent / f"test_{m.name}" for m in modules}
    missing = {str(m) for m, test in mirrors.items() if "def test_" not in _text(test)}
    assert not missing


def _text(path):
    return path.read_text("utf-8") if path.is_file() else ""


@pytest.mark.skipif(sys.platform == "win32", reason="no shell ignores signals there")
def test_it_passes_in_the_background_where_ctrl_c_is_ignored():
    code = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'pytest', '-q', '-p',\n"
        "    'no:cacheprovider', 'tests/test_suite.py', '-k', 'ctrl_c_arrives'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no shell ignores signals there")
def test_ctrl_c_arrives():
    code = "import time; print('ready', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    with process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT
