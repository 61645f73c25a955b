"""What type checkers and editors know of the public functions."""

import subprocess
import sys
import typing
from dataclasses import fields
from pathlib import Path

import pytest

from impasto import OptimizeSettings, StylizeSettings
from impasto.settings import OptimizeOptions, StylizeOptions

SRC = Path(__file__).parents[1] / "src"

RIGHT = """
from pathlib import Path

import impasto
from impasto import OptimizeSettings, Painter, Painting, Region, Step, StylizeSettings

painting: Painting = impasto.stylize("a.jpg", "irises", strength=0.5, size=512, colour="linear")
many = impasto.stylize(Path("a.jpg"), [("b.jpg", 2), "c.jpg"], device="cpu", brush=2)
parts = impasto.stylize("a.jpg", regions=[Region("m.png", "irises"), ("n.png", "udnie", 0.5)])
fixed = impasto.stylize("a.jpg", "irises", settings=StylizeSettings(tile=512), model="own.onnx")
painter = Painter("irises", work_size=800)
again: Painting = painter.paint("a.jpg", statistics=painting.statistics)
slow = impasto.optimize("a.jpg", "b.jpg", quality="best", steps=5, style_layers=("relu1_1",))
step: Step
for step in impasto.optimize_steps("a.jpg", "b.jpg", settings=OptimizeSettings(), seed=1):
    print(step.losses["total"])
"""

WRONG = {
    'impasto.stylize("a.jpg", "b.jpg", strengh=1)': "strengh",
    'impasto.stylize("a.jpg", "b.jpg", size="large")': "size",
    'impasto.stylize("a.jpg", "b.jpg", colour="red")': "colour",
    'impasto.stylize("a.jpg", "b.jpg", quality="best")': "quality",
    'impasto.optimize("a.jpg", "b.jpg", quality="worst")': "quality",
    'impasto.Painter("b.jpg", brush="wide")': "brush",
    'impasto.Painter("b.jpg").paint("a.jpg").tile + 1': "Unsupported",
}


@pytest.mark.parametrize(
    ("options", "settings"),
    [(StylizeOptions, StylizeSettings), (OptimizeOptions, OptimizeSettings)],
)
def test_options_are_the_settings(options, settings):
    hints = typing.get_type_hints(settings)
    expected = {entry.name: hints[entry.name] for entry in fields(settings)}
    expected["color"] = expected["colour"]  # another spelling
    assert typing.get_type_hints(options) == expected


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """What mypy says of a program, strictly."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("typing")

    def run(program):
        path = folder / "program.py"
        path.write_text(program, "utf-8")
        words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "cache", path]
        environment = {"MYPYPATH": str(SRC), "PATH": ""}
        done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=folder)
        return done.stdout

    return run


def test_right_calls_are_accepted_and_wrong_ones_told(check):
    """In one program: mypy takes its time to start."""
    start = len(RIGHT.splitlines()) + 1
    told = check("\n".join([RIGHT, *WRONG]))
    for number, (call, word) in enumerate(WRONG.items(), start=start + 1):
        lines = [line for line in told.splitlines() if line.startswith(f"program.py:{number}:")]
        assert any(word in line for line in lines), f"{call}\n{told}"
    rest = [line for line in told.splitlines() if "program.py" in line]
    assert all(int(line.split(":")[1]) > start for line in rest), told
