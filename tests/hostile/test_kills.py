"""Commands that are ended at random moments leave whole files or none, and can be run again.

Three kills of a command, and one of the slow `optimize`;
`IMPASTO_KILLS=100 pytest tests/hostile/test_kills.py` makes it 100, and 33.
"""

import os
import random
import signal
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import pytest
from PIL import Image

from impasto.styles import storage

from .pictures import quarters

KILLS = int(os.environ.get("IMPASTO_KILLS", "3"))

ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
"""How a program ends that is ended so; each kill is of the next kind."""

WARNINGS = "error,ignore:unclosed:ResourceWarning"
"""Python may be interrupted after it opened a file and before `with` holds it; no code can then
close it, and Python says so, though only to those who ask for such warnings."""

PATIENCE = 300
"""Seconds after which a program counts as hung, even on a machine that is busy."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")


class Killer:
    """Runs a command in a folder, and ends it at moments that are drawn by lot.

    Args:
        folder: where it runs; it holds nothing but the inputs.
        words: of the command.
        times: how often it is ended.
    """

    def __init__(self, folder, *words, times=KILLS):
        self.inputs = set(folder.iterdir())
        self._folder = folder
        self._words = [sys.executable, "-m", "impasto", *words]
        self._lot = random.Random(words[0])
        self._times = times
        self._seconds = 0.0

    def runs_whole(self, *more):
        """Runs it to its end, which must be a good one; remembers how long it took."""
        process, begun = self._start(*more), time.monotonic()
        out, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        assert "Traceback" not in out + errors
        self._seconds = max(self._seconds, time.monotonic() - begun)

    def kills(self):
        """Kills it again and again; gives out the visible files that it leaves each time."""
        for number in islice(cycle(self._lot.sample(list(ENDS), len(ENDS))), self._times):
            process = self._start()
            time.sleep(self._lot.uniform(0, self._seconds))
            process.send_signal(number)
            _, errors = process.communicate(timeout=PATIENCE)
            # In its last moments it is Python again that ends, as the system has it.
            assert process.returncode in (ENDS[number], -number, 0), (number, errors)
            assert all(line.startswith("impasto: ") for line in errors.splitlines()), errors
            left = set(self._folder.iterdir()) - self.inputs
            hidden = {path for path in left if path.name.startswith(".")}
            assert len(hidden) <= (number == signal.SIGKILL), hidden
            yield left - hidden
            for path in left - hidden:
                path.unlink(missing_ok=True)
            self.inputs |= hidden  # which stay, to see that they disturb nobody

    def _start(self, *more):
        """The program, as soon as it minds signals: before, it is Python that starts."""
        process = subprocess.Popen(
            [*self._words, *more],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"IMPASTO_STYLES": str(self._folder), "PYTHONWARNINGS": WARNINGS},
        )
        while not _minds_signals(process.pid) and process.poll() is None:
            time.sleep(0.001)
        return process


def _minds_signals(process):
    status = Path(f"/proc/{process}/status").read_text()
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.fixture
def folder(tmp_path):
    """A folder with a photo and a style."""
    quarters().resize((400, 240)).save(tmp_path / "photo.jpg")
    quarters().rotate(30).resize((300, 300)).save(tmp_path / "style.png")
    return tmp_path


def is_whole(picture):
    with Image.open(picture) as image:
        image.load()
    return True


@pytest.mark.parametrize(
    ("painting", "words"),
    [
        ("photo-style.jpg", ["stylize", "photo.jpg", "-s", "style.png"]),
        ("out.tif", ["mix", "photo.jpg", "-s", "frost", "-s", "udnie", "--steps", "3", "-o",
                     "out.tif"]),
        ("photo-styles.png", ["styles", "sheet", "photo.jpg"]),
    ],
)  # fmt: skip
def test_painting_in_one_pass(painting, words, folder):
    killer = Killer(folder, *words)
    killer.runs_whole()
    (folder / painting).unlink()
    for left in killer.kills():
        assert left <= {folder / painting}
        assert all(map(is_whole, left))
    killer.runs_whole()


def test_adding_a_style(folder):
    killer = Killer(folder, "styles", "add", "mine", "style.png")
    killer.runs_whole()
    style = folder / "mine.npz"
    style.unlink()
    for left in killer.kills():
        assert left <= {style}
        assert all(map(storage.load, left))
    killer.runs_whole()


def test_optimizing(folder):
    """Wherever it was ended, going on from the checkpoint ends in the same picture."""
    painting, checkpoint = folder / "out.png", folder / "checkpoint"
    words = ("optimize", "photo.jpg", "-s", "style.png", "-o", painting, "--checkpoint", checkpoint)
    more = ("--size", "200", "--steps", "6", "--device", "cpu", "--overwrite", "-q")
    killer = Killer(folder, *words, *more, times=max(1, KILLS // 3))
    killer.runs_whole()
    whole = painting.read_bytes()
    painting.unlink()
    checkpoint.unlink()
    for left in killer.kills():
        assert left <= {painting, checkpoint}
        assert all(map(is_whole, left & {painting}))
        killer.runs_whole(*(["--resume", checkpoint] if checkpoint in left else []))
        assert painting.read_bytes() == whole
        painting.unlink()
        checkpoint.unlink()
