import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from impasto.image import metadata

_BASE = ExifTags.Base


def _stored(image, kind="JPEG", **options):
    """The image as it comes back from a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    stored = Image.open(file)
    stored.load()
    return stored


def _parsed(block):
    exif = Image.Exif()
    exif.load(block)
    return exif


@pytest.fixture
def exif():
    exif = Image.Exif()
    exif[_BASE.Make] = "Leica"
    exif[_BASE.Orientation] = 6
    exif[ExifTags.IFD.Exif] = {
        _BASE.DateTimeOriginal: "2024:05:06 07:08:09",
        _BASE.ColorSpace: 65535,
        _BASE.ExifImageWidth: 4000,
        _BASE.MakerNote: b"secret of the maker",
    }
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 30.0)}
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_upright(orientation, kind):
    seen = np.zeros((24, 40, 3), np.uint8)
    seen[:8, :8] = 255  # a white mark where the viewer sees the upper left corner
    lay_down = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[_BASE.Orientation] = orientation
    stored = Image.fromarray(np.ascontiguousarray(lay_down[orientation](seen)))
    turned = metadata.upright(_stored(stored, kind, exif=exif.tobytes()))
    assert turned.size == (40, 24)
    assert np.abs(np.asarray(turned).astype(int) - seen).mean() < 3


def test_upright_ignores_unknown_orientation():
    exif = Image.Exif()
    exif[_BASE.Orientation] = 99
    image = _stored(Image.new("RGB", (40, 20)), exif=exif.tobytes())
    assert metadata.upright(image).size == (40, 20)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_kept_exif(kind, exif):
    block, notices = metadata.kept_exif(
        _stored(Image.new("RGB", (32, 20)), kind, exif=exif.tobytes())
    )
    kept = _parsed(block)
    camera = kept.get_ifd(ExifTags.IFD.Exif)
    assert notices == ()
    assert kept[_BASE.Make] == "Leica"
    assert camera[_BASE.DateTimeOriginal] == "2024:05:06 07:08:09"
    assert camera[_BASE.ColorSpace] == 1
    assert kept.get_ifd(ExifTags.IFD.GPSInfo)[2] == (48.0, 51.0, 30.0)
    assert set(kept) == {_BASE.Make, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo}
    assert _BASE.ExifImageWidth not in camera
    assert b"secret" not in block


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "GIF"])
def test_kept_exif_of_file_without(kind):
    image = _stored(Image.new("RGB", (32, 20)), kind)
    assert metadata.kept_exif(image) == (None, ())


def test_kept_exif_drops_thumbnail():
    # A second directory, as cameras write it, with a thumbnail of 5 bytes.
    first = b"\0\1" + b"\1\x0f\0\2\0\0\0\4abc\0" + b"\0\0\0\x1a"
    second = b"\0\2" + b"\2\1\0\4\0\0\0\1\0\0\0\x38" + b"\2\2\0\4\0\0\0\1\0\0\0\5" + b"\0\0\0\0"
    block = b"Exif\0\0MM\0*\0\0\0\x08" + first + second + b"THUMB"
    kept, _ = metadata.kept_exif(_stored(Image.new("RGB", (32, 20)), exif=block))
    assert b"abc" in kept
    assert b"THUMB" not in kept


def test_kept_exif_of_broken_block():
    image = _stored(Image.new("RGB", (32, 20)))
    image.info["exif"] = b"Exif\0\0not a TIFF header"
    block, notices = metadata.kept_exif(image)
    assert block is None
    assert notices == ("has a damaged EXIF block, which is not kept",)
    assert metadata.upright(image) is image


def test_kept_exif_too_large_for_jpeg(exif):
    exif[_BASE.ImageDescription] = "x" * 70_000
    block, notices = metadata.kept_exif(
        _stored(Image.new("RGB", (32, 20)), "PNG", exif=exif.tobytes())
    )
    assert block is None
    assert "more EXIF data than a JPEG can hold" in notices[0]
