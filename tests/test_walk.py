"""How far a newcomer walks who follows a photo through the program.

A stay is a run of calls within one module of impasto; a call into another module ends it. What is
not needed for a painting, such as unpacking 67 styles to use one, shows here as a long walk.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples"

MOST = 90
"""Stays in modules that `impasto stylize photo -s great-wave` may take; it took 205 once."""

COUNT = """
import os, sys
import impasto
from impasto.cli import main

root, stays = os.path.dirname(impasto.__file__), []

def count(frame, event, _):
    code = frame.f_code
    is_function = code.co_flags & 1  # and no module or body of a class
    if event == "call" and is_function and code.co_filename.startswith(root):
        if not stays or stays[-1] != code.co_filename:
            stays.append(code.co_filename)

sys.setprofile(count)
try:
    main()
except SystemExit as end:
    sys.setprofile(None)
    print(end.code, len(stays))
"""


def test_a_photo_s_way_is_short(tmp_path):
    shutil.copy(SAMPLES / "photos/astronaut.jpg", tmp_path / "photo.jpg")
    words = [sys.executable, "-c", COUNT, "stylize", "photo.jpg", "-s", "great-wave", "-q"]
    environment = os.environ | {"IMPASTO_STYLES": str(tmp_path / "own")}
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    code, stays = done.stdout.split()
    assert code == "0"
    assert int(stays) <= MOST
