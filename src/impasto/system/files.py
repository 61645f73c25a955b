"""Write files of any kind, whole or not at all, and check beforehand whether that will work."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from impasto.errors import DiskError, ExistsError, OutputError
from impasto.system.paths import display_path, identity, is_wrong_path, os_error_message


class Files:
    """A set of files, compared by identity rather than by path.

    Links, and names in another case on case-insensitive disks, lead to the same file.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._identities = {number for path in paths if (number := identity(path)) is not None}

    def __contains__(self, path: Path) -> bool:
        return identity(path) in self._identities


def check_file(path: Path, *, overwrite: bool, inputs: "Files | Sequence[Path]" = ()) -> None:
    """Check that a file can be written.

    Args:
        path: where it will go.
        overwrite: whether an existing file may be replaced.
        inputs: files that are read and must not be replaced; use one `Files` for many outputs, so
            that not every output is compared with every input.

    Raises:
        OutputError: it cannot be written; the message says what to do.
    """
    with _writing(path):
        if not path.parent.is_dir():
            raise OutputError(f"{display_path(path)}: {_no_folder(path.parent)}")
        _check_existing(path, overwrite, inputs)
        temporary = _temporary(path)
        try:
            temporary.touch(exist_ok=False)
        finally:
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, unless they exist.

    Raises:
        OutputError: the folder cannot be created.
    """
    with _writing(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise OutputError(_no_folder(folder)) from None


def write_file(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file, whole or not at all.

    Raises:
        OutputError: the file exists or cannot be written. Nothing is left behind.
    """
    with _writing(path):
        _write_atomically(path, content, overwrite)


def _no_folder(folder: Path) -> str:
    """Say why a folder cannot hold files: it is missing, or is a file."""
    places = (folder, *folder.parents)
    nearest = next((place for place in places if place.exists() or place.is_symlink()), folder)
    if not nearest.is_dir():
        return f"{display_path(nearest)} is a file, not a folder; name another folder"
    return f"the folder {display_path(folder)} is missing; create it first"


def _check_existing(path: Path, overwrite: bool, inputs: "Files | Sequence[Path]") -> None:
    try:
        path.lstat()
    except FileNotFoundError:
        return
    if path.is_dir():
        raise OutputError(f"{display_path(path)}: this is a folder; name a file in it")
    if path in (inputs if isinstance(inputs, Files) else Files(inputs)):
        raise OutputError(f"{display_path(path)}: this is an input; choose another name")
    if not overwrite:
        raise _exists(path)


def _exists(path: Path) -> ExistsError:
    return ExistsError(
        f"{display_path(path)}: the file exists; replace it with overwrite=True or choose another"
    )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Convert errors of the file system to OutputError."""
    try:
        yield
    except (OSError, ValueError) as error:
        name = display_path(path)
        if isinstance(error, FileNotFoundError):  # the folder exists but takes no files
            raise OutputError(f"{name}: nothing can be written there; choose another") from error
        kind = OutputError if is_wrong_path(error) else DiskError
        raise kind(f"{name}: {os_error_message(error)}") from error


def _temporary(path: Path) -> Path:
    # As `secrets.token_hex`, without importing Python's cryptography.
    return path.with_name(f".impasto-{os.urandom(8).hex()}.part")


def _write_atomically(path: Path, content: bytes, overwrite: bool) -> None:
    """Write to a hidden file beside the target, then rename it in one step.

    `open` applies the permissions of the user's umask, unlike `tempfile`.
    """
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(path)
        else:
            _place_new(temporary, path)
        temporary.unlink(missing_ok=True)
    except BaseException:  # Ctrl-C, too, even during the line above
        temporary.unlink(missing_ok=True)
        raise


def _place_new(temporary: Path, path: Path) -> None:
    """Rename the file unless another file has taken the name meanwhile."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError:
        _claim_and_replace(temporary, path)


def _claim_and_replace(temporary: Path, path: Path) -> None:
    """Do the same on disks without hard links (FAT, some network disks): claim the name first."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError as error:
        raise _exists(path) from error
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
