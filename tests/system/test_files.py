import errno
import os
import stat
from pathlib import Path

import pytest

from impasto.errors import OutputError
from impasto.system.files import Files, check_file, make_folder, write_file

from ..failures import failing, refused

NEW = b"new"


def test_write_refuses_existing(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("precious")
    refused(write_file, path, "overwrite=True", content=NEW, overwrite=False)
    assert path.read_text() == "precious"


def test_write_overwrites_when_asked(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("old")
    write_file(path, NEW, overwrite=True)
    assert path.read_bytes() == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("number", "part", "exit_code"),
    [
        (errno.ENOSPC, "disk is full", 1),
        (errno.EFBIG, "too large for this disk", 1),
        (errno.EACCES, "permission denied", 2),
        (errno.EIO, "Input/output error", 1),
    ],
)
def test_write_disk_errors(number, part, exit_code, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(OSError(number, os.strerror(number))))
    refused(write_file, tmp_path / "a.png", part, exit_code, content=NEW, overwrite=False)


def test_write_missing_folder(tmp_path):
    refused(
        write_file,
        tmp_path / "none" / "a.png",
        "nothing can be written there",
        content=NEW,
        overwrite=False,
    )


def test_write_over_folder(tmp_path):
    (tmp_path / "a.png").mkdir()
    refused(write_file, tmp_path / "a.png", "directory|folder|denied", content=NEW, overwrite=True)


def test_write_name_too_long(tmp_path):
    refused(write_file, tmp_path / ("x" * 300 + ".png"), "too long", content=NEW, overwrite=False)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
@pytest.mark.parametrize("overwrite", [False, True])
def test_write_respects_umask(umask, mode, overwrite, tmp_path):
    before = os.umask(umask)
    try:
        write_file(tmp_path / "a.png", NEW, overwrite=overwrite)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == mode


@pytest.fixture
def without_hard_links(monkeypatch):
    monkeypatch.setattr(Path, "hardlink_to", failing(PermissionError(errno.EPERM, "no links")))


def test_write_without_hard_links(tmp_path, without_hard_links):
    write_file(tmp_path / "a.png", NEW, overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    refused(write_file, tmp_path / "a.png", "overwrite=True", content=NEW, overwrite=False)


def test_write_without_hard_links_interrupted(tmp_path, monkeypatch, without_hard_links):
    monkeypatch.setattr(Path, "replace", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a.png", NEW, overwrite=False)
    assert not list(tmp_path.iterdir())


def test_check_in_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_file(Path("a.png"), overwrite=False)


def test_check_missing_folder(tmp_path):
    path = tmp_path / "none" / "a.png"
    refused(check_file, path, "none is missing; create it", overwrite=True)


def test_check_in_a_file(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "a.png", tmp_path / "file" / "more" / "a.png"):
        refused(check_file, path, "file is a file, not a folder", overwrite=True)


def test_check_folder(tmp_path):
    (tmp_path / "a.png").mkdir()
    refused(check_file, tmp_path / "a.png", "this is a folder", overwrite=True)


def test_check_existing(tmp_path):
    path = tmp_path / "a.png"
    path.touch()
    refused(check_file, path, "overwrite=True", overwrite=False)
    check_file(path, overwrite=True)
    assert path.exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_check_is_an_input(overwrite, tmp_path):
    path = tmp_path / "a.png"
    path.touch()
    (tmp_path / "sub").mkdir()
    inputs = [tmp_path / "none.png", tmp_path / "sub" / ".." / "a.png"]
    refused(check_file, path, "is an input", overwrite=overwrite, inputs=inputs)


def test_check_links_to_an_input(tmp_path):
    (tmp_path / "photo.png").touch()
    link = tmp_path / "a.png"
    link.symlink_to(tmp_path / "photo.png")
    inputs = [tmp_path / "photo.png"]
    refused(check_file, link, "is an input", overwrite=True, inputs=inputs)


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "a\0b.png"])
def test_check_impossible_name(name, tmp_path):
    with pytest.raises(OutputError, match="name"):
        check_file(tmp_path / name, overwrite=True)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root writes everywhere")
def test_check_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    refused(check_file, tmp_path / "a.png", "permission denied", overwrite=True)


def test_check_really_tries(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "touch", failing(OSError(errno.EROFS, "Read-only file system")))
    refused(check_file, tmp_path / "a.png", "disk is read-only", overwrite=True)


def test_write_interrupted_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a.png", NEW, overwrite=False)
    assert not list(tmp_path.iterdir())


def test_files_are_told_by_what_they_are(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files = Files([tmp_path / "a", tmp_path / "none"])
    assert tmp_path / "link" in files
    assert tmp_path / "." / "a" in files
    assert tmp_path / "none" not in files


def test_make_folder(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    for folder in ("file", "file/b"):
        with pytest.raises(OutputError, match="file is a file, not a folder; name another folder"):
            make_folder(tmp_path / folder)
