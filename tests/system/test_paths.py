import errno
from pathlib import Path

import pytest

from impasto.system.paths import display_path, may_exist, os_error_message


def test_what_is_there(tmp_path, monkeypatch):
    assert may_exist(tmp_path)
    for name in ("nix", "a" * 5000, "a\0b", "nix/a"):
        assert not may_exist(tmp_path / name)

    def locked(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", locked)
    assert may_exist(tmp_path)


@pytest.mark.parametrize(
    ("path", "shown"),
    [("a/photo.jpg", "a/photo.jpg"), ("été 1.jpg", "été 1.jpg"), ("a\nb\x1b.jpg", "a�b�.jpg")],
)
def test_label(path, shown):
    assert display_path(Path(path)) == str(Path(shown))


def test_label_of_undecodable_name():
    assert display_path(Path("a\udcff.jpg")) == "a�.jpg"


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (OSError(errno.ENOSPC, "x"), "disk is full"),
        (OSError(errno.EFBIG, "x"), "too large for this disk"),
        (PermissionError(errno.EACCES, "x"), "permission denied"),
        (OSError(errno.ENAMETOOLONG, "x"), "too long"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError("no number"), "the disk reports an error"),
        (ValueError("embedded null byte"), "not a valid file name"),
    ],
)
def test_reason(error, part):
    assert part in os_error_message(error)
