"""Folders that nothing can be written to: full, read-only, or not there."""

import os
import subprocess
import sys

import pytest
from torch import nn

from impasto.errors import OutputError
from impasto.training.loop import Schedule, TrainingRun

from .pictures import quarters


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    quarters().resize((400, 240)).save(path)
    return path


@pytest.fixture
def disk(tmp_path):
    """A disk of its own of 128 KB, which takes root and Linux."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder, spare=0):
    """Leaves so many bytes free, or a little less."""
    with (folder / "filling").open("wb", buffering=0) as file:
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        file.write(bytes(max(0, free - spare)))


@pytest.mark.parametrize("spare", [0, 8000])
def test_a_full_disk_is_a_failure(spare, disk, photo, impasto_fails):
    fill(disk, spare)
    painting = disk / "painting.png"
    words = ("stylize", photo, "-s", "great-wave", "-o", painting)
    line = impasto_fails(painting, *words, exit_code=1)
    assert line.endswith("the disk is full; free some space or write elsewhere")
    assert [path.name for path in disk.iterdir()] == ["filling"]


def test_a_full_disk_does_not_harm_what_is_there(disk, photo, impasto_fails):
    painting = disk / "painting.bmp"
    painting.write_bytes(b"precious")
    fill(disk)
    words = ("stylize", photo, "-s", "great-wave", "-o", painting, "--overwrite")
    impasto_fails(painting, *words, exit_code=1)
    assert painting.read_bytes() == b"precious"


def test_a_full_disk_keeps_the_checkpoint_of_a_training(disk):
    run = TrainingRun(nn.Linear(40, 40), disk, Schedule(steps=1))
    run.save()
    before = run.checkpoint_file.read_bytes()
    fill(disk)
    with pytest.raises(OutputError, match="the disk is full"):
        run.save()
    assert sorted(path.name for path in disk.iterdir()) == ["checkpoint.pt", "filling"]
    assert run.checkpoint_file.read_bytes() == before


def test_a_full_disk_keeps_no_style(disk, photo, impasto_fails, monkeypatch):
    monkeypatch.setenv("IMPASTO_STYLES", str(disk / "styles"))
    (disk / "styles").mkdir()
    fill(disk)
    impasto_fails(disk / "styles" / "mine.npz", "styles", "add", "mine", photo, exit_code=1)
    assert list((disk / "styles").iterdir()) == []


def test_a_read_only_disk(disk, photo, impasto_fails):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    painting = disk / "painting.png"
    line = impasto_fails(painting, "stylize", photo, "-s", "great-wave", "-o", painting)
    assert line.endswith("the disk is read-only; choose another place")
    folder = disk / "new"
    impasto_fails(folder, "stylize", photo, "-s", "great-wave", "-o", folder)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root writes everywhere")
def test_a_read_only_folder(tmp_path, photo, impasto_fails):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    line = impasto_fails(
        folder / "a.png", "stylize", photo, "-s", "great-wave", "-o", folder / "a.png"
    )
    assert line.endswith("permission denied; check the permissions")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and /dev")
@pytest.mark.parametrize("place", ["/proc/painting.png", "/dev/null/painting.png"])
def test_places_that_are_no_folders(place, photo, impasto_fails):
    impasto_fails(place, "stylize", photo, "-s", "great-wave", "-o", place)
