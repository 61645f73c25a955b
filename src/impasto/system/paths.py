"""Which files are pictures by their names; paths and the disk's failures in messages of a line."""

import errno
from pathlib import Path

# What another path would mend.
_WRONG_PATH = {
    errno.ENOENT: "no such file; check the spelling",
    errno.ENOTDIR: "there is a file where a folder should be",
    errno.EISDIR: "this is a folder; name a file",
    errno.EEXIST: "there is a file of this name",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only; choose another place",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "a link that leads to itself",
}

_FULL = {
    errno.ENOSPC: "the disk is full; free some space or write elsewhere",
    errno.EDQUOT: "the disk quota is used up; free some space or write elsewhere",
}

_REASONS = _WRONG_PATH | _FULL


def display_path(path: Path) -> str:
    """Write a path as the user gave it, without anything that would break the line."""
    return printable(str(path))


def printable(text: str) -> str:
    """Replace every line break, control character and undecodable byte of a text."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def is_hidden(path: Path) -> bool:
    """Tell whether a file was not made by its user.

    macOS puts `._x.jpg` beside `x.jpg` on other systems' disks.
    """
    return path.name.startswith(".")


def may_exist(path: Path) -> bool:
    """Tell whether a path exists, or might exist in a folder that we cannot read.

    As `Path.exists`, which raises an error for a name that is too long, and for a folder that is
    locked: who reads the file will say so in better words.
    """
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def is_wrong_path(error: OSError | ValueError) -> bool:
    """Tell whether the path is to blame for a failed system call, not the disk or the system."""
    return isinstance(error, ValueError) or error.errno in _WRONG_PATH


def os_error_message(error: OSError | ValueError) -> str:
    """Say what a failed system call means to a user.

    A ValueError is what Python raises for a path that no system accepts (a null byte).
    """
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0, error.strerror or "the disk reports an error")
    return "not a valid file name"


def identity(path: Path) -> tuple[int, int] | None:
    """Return the device and the number of a file; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
