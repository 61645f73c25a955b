import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from impasto.errors import InputError
from impasto.image import files, formats


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
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif", "AVIF"),
        (b"\0\0\0\x1cftypmsf1\0\0\0\0msf1avisiso8", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1avif", "HEIF"),  # beyond the box
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1avif", "HEIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
        (b"\xff\x4f\xff\x51", "JPEG2000"),
        (b"P6\n# made", "PPM"),
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
        ("a.jpg", b"\0\0\0\x1cftypisom", "video"),
        ("a.png", b"\xff\x0a\x00", "JPEG XL is not supported; convert it"),
        ("a.jxl", b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL is not supported; convert it"),
        ("a.exr", b"\x76\x2f\x31\x01", "OpenEXR is not supported"),
        ("a.hdr", b"#?RADIANCE\n", "Radiance HDR is not supported"),
        ("a.ico", b"\0\0\1\0\1\0", "ICO is not supported"),
        ("a.tga", b"%PDF-1.7", "export the page"),
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


@pytest.mark.parametrize(
    ("name", "kind", "mode", "options"),
    [
        ("a.jp2", "JPEG2000", "RGB", {}),
        ("a.j2k", "JPEG2000", "RGBA", {"no_jp2": True}),
        ("a.ppm", "PPM", "RGB", {}),
        ("a.pgm", "PPM", "L", {}),
        ("a.pbm", "PPM", "1", {}),
        ("a.tga", "TGA", "RGB", {}),
        ("a.tga", "TGA", "RGBA", {"compression": "tga_rle"}),
        ("a.avif", "AVIF", "RGB", {}),
        ("a.jfif", "JPEG", "RGB", {}),
    ],
)
def test_what_pillow_reads_is_read(name, kind, mode, options, tmp_path, gradient):
    image = Image.fromarray(gradient).convert(mode)
    image.save(tmp_path / name, kind, **options)
    picture = files.read(tmp_path / name)
    assert picture.notices == ()
    expected = np.asarray(image.convert("RGB")) / 255
    assert np.abs(picture.pixels - expected).mean() < 0.03


def test_deep_ppm_has_a_known_scale(tmp_path):
    samples = np.full((20, 20), 600, ">u2")
    (tmp_path / "a.pgm").write_bytes(b"P5 20 20 65535\n" + samples.tobytes())
    picture = files.read(tmp_path / "a.pgm")
    assert picture.pixels == pytest.approx(600 / 65535, abs=1e-5)
    assert picture.notices == ()


def test_tga_whose_fourth_byte_means_nothing(tmp_path):
    Image.new("RGBA", (20, 20), (9, 8, 7, 0)).save(tmp_path / "a.tga")
    content = bytearray((tmp_path / "a.tga").read_bytes())
    content[17] &= 0xF0
    (tmp_path / "b.tga").write_bytes(content)
    assert files.read(tmp_path / "a.tga").alpha is not None
    picture = files.read(tmp_path / "b.tga")
    assert picture.alpha is None
    assert (picture.samples == (9, 8, 7)).all()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda jpeg, at: jpeg[: at + 4] + b"\x0c" + jpeg[at + 5 :], "12-bit"),
        (lambda jpeg, at: jpeg[: at + 1] + b"\xc3" + jpeg[at + 2 :], "lossless"),
        (lambda jpeg, at: jpeg[: at + 1] + b"\xf7" + jpeg[at + 2 :], "JPEG-LS"),
    ],
)
def test_sound_jpegs_are_not_called_broken(change, part, tmp_path, gradient):
    Image.fromarray(gradient).save(tmp_path / "a.jpg")
    jpeg = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(change(jpeg, jpeg.index(b"\xff\xc0")))
    with pytest.raises(InputError, match=f"this kind of JPEG is not supported \\({part}\\)"):
        files.read(tmp_path / "a.jpg")


def test_kinds_that_pillow_says_it_does_not_read(tmp_path, gradient):
    Image.fromarray(gradient).save(tmp_path / "a.bmp")
    bmp = bytearray((tmp_path / "a.bmp").read_bytes())
    bmp[30] = 4  # a JPEG inside
    (tmp_path / "a.bmp").write_bytes(bmp)
    with pytest.raises(InputError, match="damaged, or a kind of BMP that is not supported"):
        files.read(tmp_path / "a.bmp")
