import pytest
from PIL import Image

from impasto.styles import library


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty folder of the user's own styles."""
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "own"))
    return tmp_path / "own"


def test_list(impasto):
    lines = impasto("styles").stdout.splitlines()
    assert len(lines) == len(library.shipped())
    (line,) = [line for line in lines if line.startswith("great-wave ")]
    assert line.split(maxsplit=1)[1] == "The Great Wave off Kanagawa, Katsushika Hokusai, c. 1831"


def test_add_use_remove(impasto, fails, wave, photo, folder):
    result = impasto("styles", "add", "mine", wave, "--title", "My Wave", "--year", "2026")
    assert result.stdout == f"mine: {folder / 'mine.npz'}\n"
    assert impasto("styles").stdout.splitlines()[-1].split(maxsplit=1) == ["mine", "My Wave, 2026"]
    assert impasto("stylize", photo, "-s", "mine").exit_code == 0
    fails("--overwrite", "styles", "add", "mine", wave)
    assert impasto("styles", "add", "mine", wave, "--overwrite").exit_code == 0
    assert impasto("styles", "remove", "mine").stdout == "mine: removed\n"
    fails("you have no style of this name", "styles", "remove", "mine")


def test_errors(fails, wave, folder):
    fails("not a valid name", "styles", "add", "a b", wave)
    fails("built-in style", "styles", "add", "great-wave", wave)
    fails("built-in style", "styles", "remove", "great-wave")
    fails("nix.jpg: no such file", "styles", "add", "mine", "nix.jpg")
    assert not (folder / "mine.npz").exists()


def test_a_damaged_style_does_not_hide_the_others(
    impasto, photo, wave, folder, monkeypatch, tmp_path
):
    few = dict(list(library.shipped().items())[:2])
    monkeypatch.setattr(library, "shipped", lambda: few)
    assert impasto("styles", "add", "mine", wave).exit_code == 0
    (folder / "._mine.npz").write_bytes(b"of macOS")
    (folder / "my junk.npz").write_bytes(b"broken")
    listed = impasto("styles")
    sheet = impasto("styles", "sheet", photo)
    for result in (listed, sheet):
        assert result.exit_code == 0, result.output
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"impasto: {folder / 'my junk.npz'}: not a file of styles")
        assert line.endswith("; `impasto styles remove 'my junk'` removes it")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [*few, "mine"]
    assert impasto("styles", "remove", "my junk").exit_code == 0
    assert impasto("styles").stderr == ""
    path = tmp_path / "photo-styles.png"
    with Image.open(path) as image:
        width, height = image.size
    assert sheet.stdout == f"{path}: {width} x {height} pixels\n"
    assert width > 2 * 256


def test_a_sheet_is_not_replaced(fails, photo, tmp_path):
    photo.with_name("photo-styles.png").touch()
    fails("--overwrite", "styles", "sheet", photo)
    fails("no such file", "styles", "sheet", "nix.jpg", "-o", tmp_path / "x.png")
