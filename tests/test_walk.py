"""How far a newcomer walks who follows a photo through the program.

A stay is a run of calls within one module of impasto; a call into another module ends it. What is
not needed for a painting, such as unpacking 67 styles to use one, shows here as a long walk. So do
the second pass, in which a larger photo is painted over, and each further band or tile of a large
photo; loops count as often as they run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[1] / "samples"

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


@pytest.mark.parametrize(
    ("size", "most"),
    [
        pytest.param((512, 512), 90, id="one pass"),  # took 205 once
        pytest.param((900, 700), 115, id="two passes"),  # took 205 when there was but one pass
    ],
)
def test_a_photo_s_way_is_short(tmp_path, size, most):
    with Image.open(SAMPLES / "photos/astronaut.jpg") as photo:
        photo.resize(size).save(tmp_path / "photo.jpg")
    words = [sys.executable, "-c", COUNT, "stylize", "photo.jpg", "-s", "great-wave", "-q"]
    environment = os.environ | {"IMPASTO_STYLES": str(tmp_path / "own")}
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    code, stays = done.stdout.split()
    assert code == "0"
    assert int(stays) <= most
