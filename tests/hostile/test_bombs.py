"""Small files that would fill the memory: each in a process that is not given much of it."""

import json
import subprocess
import sys

import pytest

from . import corpus

SPARE = 300
"""Megabytes that reading a bomb may take, of the thousands that it asks for."""

READ = """
import json, resource, sys, warnings
from pathlib import Path
from impasto.errors import InputError
from impasto.image import files

warnings.simplefilter("error")

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

outcomes = {}
for path in map(Path, sys.argv[1:]):
    before = peak()
    try:
        outcome = files.read(path).size
    except InputError as problem:
        outcome = str(problem)
    outcomes[path.name] = outcome, (peak() - before) / 1024
print(json.dumps(outcomes))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as on Linux")
def test_bombs_do_not_go_off(tmp_path):
    bombs = {odd.name: odd for odd in corpus.bombs()}
    for odd in bombs.values():
        (tmp_path / odd.name).write_bytes(odd.content)
    words = [sys.executable, "-c", READ, *(tmp_path / name for name in bombs)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    for name, (outcome, megabytes) in json.loads(done.stdout).items():
        assert megabytes < SPARE, name
        if isinstance(outcome, str):
            assert bombs[name].size is None or bombs[name].doubtful, outcome
            assert outcome.startswith(f"{tmp_path / name}: ")
            assert len(outcome.splitlines()) == 1
        else:
            assert tuple(outcome) == bombs[name].size or bombs[name].doubtful, name
