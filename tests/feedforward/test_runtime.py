"""ONNX Runtime as impasto loads it."""

import os
import subprocess
import sys

import pytest

CODE = "import os; from impasto.feedforward.runtime import onnxruntime as o; "


def run(code, **more):
    kept = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    words = [sys.executable, "-c", CODE + code]
    return subprocess.run(words, capture_output=True, text=True, env={**kept, **more})


@pytest.mark.parametrize(("given", "kept"), [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")])
def test_telemetry_is_off_unless_the_user_turns_it_on(given, kept):
    done = run("print(o.__name__, os.environ['ORT_DISABLE_TELEMETRY'])", **given)
    assert (done.stdout, done.stderr) == (f"onnxruntime {kept}\n", "")
