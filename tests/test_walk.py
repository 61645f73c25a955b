"""How far a newcomer walks who follows a photo through the program, and how many names it has.

A stay is a run of calls within one module of impasto; a call into another module ends it. Work
that a painting does not need, such as unpacking 67 styles to use one, makes the walk long. Loops
count as often as they run: the second pass over a larger photo adds about 20 stays.

A name counts if, when a function of impasto ends, a variable or an attribute of that name holds the
photo: its path, an open file of it, a Pillow image, an array or a tensor of it at any size.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
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
        pytest.param((900, 700), 110, id="two passes"),  # took 205 when there was but one pass
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


NAMES = """
import io, os, sys
import numpy as np
import torch
from PIL import Image
import impasto

photo, style = sys.argv[1:]
root, names = os.path.dirname(impasto.__file__), set()

def grid(pixels):  # the mean colours of 4 x 4 parts
    rows = [part.mean(0) for part in np.array_split(pixels, 4)]
    return np.array([[c.mean(0) for c in np.array_split(row, 4)] for row in rows])

def is_photo(value):
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value) == photo
    if isinstance(value, io.BufferedReader):
        return value.name == photo
    if isinstance(value, Image.Image):
        value = np.asarray(value.convert("RGB"))
    is_one = isinstance(value, torch.Tensor) and value.dim() == 4 and len(value) == 1
    if is_one and value.device.type == "cpu":
        value = value.detach()[0].permute(1, 2, 0).float().numpy()
    if not isinstance(value, np.ndarray) or value.ndim != 3 or value.shape[2] != 3:
        return False
    scale = 255 if value.dtype == np.uint8 else 1
    return min(value.shape[:2]) > 8 and bool(np.abs(grid(value / scale) - colours).max() < 0.03)

def look(frame, event, _):
    if not frame.f_code.co_filename.startswith(root):
        return None
    if event == "return":
        for name, value in list(frame.f_locals.items()):
            found = {name: value, **getattr(value, "__dict__", {})}
            names.update(key.strip("_") for key, held in found.items() if is_photo(held))
    return look

with Image.open(photo) as image:
    colours = grid(np.asarray(image) / 255)
sys.settrace(look)
steps = impasto.optimize_steps(photo, style, size=128, steps=1, init="noise", encoder="compact")
next(steps).painting()
sys.settrace(None)
print(len(names), sorted(names))
"""


def test_a_photo_has_few_names(tmp_path):
    """On its way through `optimize_steps`, to the painting of the first step."""
    rng = np.random.default_rng(5)
    for name, side in (("photo", 6), ("style", 96)):
        pixels = rng.integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(pixels).resize((200, 200)).save(tmp_path / f"{name}.png")
    words = [sys.executable, "-c", NAMES, tmp_path / "photo.png", tmp_path / "style.png"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    count, names = done.stdout.split(maxsplit=1)
    assert int(count) <= 25, names
