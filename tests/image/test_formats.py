import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, PngImagePlugin

from impasto.errors import InputError
from impasto.image import formats


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WEBP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"BM\0\0", "BMP"),
        (b"GIF89a", "GIF"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0\0\0\x1cftypheic", "HEIF"),
    ],
)
def test_identify(head, kind):
    # The suffix lies, the bytes do not.
    assert formats.identify(head, Path("photo.gif"), "photo.gif") == kind


@pytest.mark.parametrize(
    ("name", "head", "part"),
    [
        ("a.jpg", b"", "empty"),
        ("a.jpg", b"Dear diary", "not a picture; impasto reads JPEG"),
        ("a.svg", b"<?xml version='1.0'?>", "export it as PNG"),
        ("a.png", b"<svg xmlns=", "export it as PNG"),
        ("a.pdf", b"%PDF-1.7", "export the page"),
        ("a.jpg", b"%PDF-1.7", "export the page"),
        ("a.NEF", b"MM\0*", "camera RAW"),
        ("a.dng", b"II*\0", "camera RAW"),
        ("a.psd", b"8BPS", "project file"),
        ("a.mp4", b"\0\0\0\x1cftypisom", "video"),
    ],
)
def test_identify_advises(name, head, part):
    with pytest.raises(InputError, match=part) as caught:
        formats.identify(head, Path(name), name)
    assert str(caught.value).startswith(f"{name}: ")


@pytest.fixture
def without_plugins(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    Image.init()
    for kind in ("HEIF", "AVIF"):
        monkeypatch.delitem(Image.OPEN, kind, raising=False)


@pytest.mark.parametrize(("kind", "part"), [("HEIF", "pillow-heif"), ("AVIF", "Pillow 11.3")])
def test_open_as_without_reader(kind, part, tmp_path, without_plugins):
    path = tmp_path / "photo"
    path.write_bytes(b"\0\0\0\x1cftyp")
    with path.open("rb") as file, pytest.raises(InputError, match=f"photo: .*{part}"):
        formats.open_as(file, kind, "photo")


def test_open_as_uses_installed_heif_plugin(tmp_path, monkeypatch, without_plugins):
    def register():
        monkeypatch.setitem(Image.OPEN, "HEIF", (PngImagePlugin.PngImageFile, None))

    plugin = SimpleNamespace(register_heif_opener=register)
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    Image.new("RGB", (20, 20)).save(tmp_path / "photo.png")
    with (tmp_path / "photo.png").open("rb") as file:
        assert formats.open_as(file, "HEIF", "photo.png").size == (20, 20)
