"""Paths, and errors of the file system, in messages of one line."""

import errno
from pathlib import Path

# Errors that another path would solve.
_WRONG_PATH = {
    errno.ENOENT: "no such file; check the spelling",
    errno.ENOTDIR: "a part of the path is a file, not a folder; check the spelling",
    errno.EISDIR: "this is a folder; name a file",
    errno.EEXIST: "a file of this name exists; choose another name",
    errno.EACCES: "permission denied; check the permissions",
    errno.EPERM: "permission denied; check the permissions",
    errno.EROFS: "the disk is read-only; choose another place",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "a link that points to itself; name a file",
}

_FULL = {
    errno.ENOSPC: "the disk is full; free some space or write elsewhere",
    errno.EFBIG: "the file is too large for this disk; write elsewhere",
    errno.EDQUOT: "the disk quota is used up; free some space or write elsewhere",
}

_REASONS = _WRONG_PATH | _FULL


def display_path(path: Path) -> str:
    """Format a path as the user gave it, on one printable line."""
    return printable(str(path))


def printable(text: str) -> str:
    """Replace line breaks, control characters and undecodable bytes of a text."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def is_hidden(path: Path) -> bool:
    """Tell whether a file is hidden, such as the `._x.jpg` that macOS adds beside `x.jpg`."""
    return path.name.startswith(".")


def may_exist(path: Path) -> bool:
    """Tell whether a path exists, or might exist in a folder that we cannot read.

    `Path.exists` raises an error for a name that is too long and for a folder without access. Here
    the code that reads the file later reports these.
    """
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def is_wrong_path(error: OSError | ValueError) -> bool:
    """Tell whether a system call failed because of its path, not because of the disk."""
    return isinstance(error, ValueError) or error.errno in _WRONG_PATH


def os_error_message(error: OSError | ValueError) -> str:
    """Explain a failed system call to a user.

    Python raises ValueError for a path that no system accepts (a null byte).
    """
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0, error.strerror or "the disk reports an error")
    return "not a valid file name"


def identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode number of a file; None if there is no such file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
