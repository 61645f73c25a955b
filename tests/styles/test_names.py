import sys
from pathlib import Path

import pytest

from impasto.errors import InputError
from impasto.styles import names


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", Path("data/impasto/styles")),
        ("win32", "APPDATA", Path("data/impasto/styles")),
        ("darwin", "", Path("home/Library/Application Support/impasto/styles")),
        ("linux", "", Path("home/.local/share/impasto/styles")),
    ],
)
def test_user_folder(monkeypatch, tmp_path, platform, variable, expected):
    monkeypatch.delenv("IMPASTO_STYLES", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    for home in ("HOME", "USERPROFILE"):  # elsewhere, and on Windows
        monkeypatch.setenv(home, str(tmp_path / "home"))
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    assert names.user_folder() == tmp_path / expected


def test_user_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path))
    assert names.user_folder() == tmp_path


def test_without_a_home_there_are_no_styles_of_one_s_own(monkeypatch):
    # A name that no system has; who has no home folder at all meets the same error.
    monkeypatch.setenv("IMPASTO_STYLES", "~nobody-is-called-so/styles")
    with pytest.raises(InputError, match=r"set the environment variable IMPASTO_STYLES"):
        names.user_folder()
    assert names.own() == {}
