"""What C libraries print is silenced in the program, and nowhere else."""

import subprocess
import sys


def errors_of(code):
    """What a program prints to standard error that writes `in ` while it is silenced."""
    code = f"import os; from impasto.system import streams\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr


SILENCED = "with streams.silenced(): os.write(2, b'in ')\nos.write(2, b'after')"


def test_only_the_program_is_silenced():
    assert errors_of(SILENCED) == "in after"
    assert errors_of(f"streams.run_as_program()\n{SILENCED}") == "after"


def test_standard_error_comes_back_after_a_failure():
    code = "streams.run_as_program()\nwith streams.silenced(): raise ValueError('seen')"
    assert errors_of(code).endswith("ValueError: seen\n")


def test_a_closed_standard_error_stays_closed():
    code = "streams.run_as_program(); os.close(2)\nwith streams.silenced(): print('on')"
    words = [sys.executable, "-c", f"import os; from impasto.system import streams\n{code}"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "on\n")
