import os

import numpy as np
import pytest
from PIL import ExifTags, Image, features

from impasto.image import files, output
from impasto.image.metadata import Metadata
from impasto.image.profiles import srgb_profile
from impasto.image.suffixes import OUTPUT_FORMATS

from ..failures import failing, refused

_SUFFIXES = [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".PNG"]


@pytest.fixture
def pixels(gradient):
    return gradient / np.float32(255)


@pytest.fixture
def alpha():
    alpha = np.ones((24, 32), np.float32)
    alpha[:, 16:] = 0.2
    return alpha


@pytest.fixture
def exif():
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Hokusai"
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "2024:05:06 07:08:09"}
    return exif.tobytes()


def _names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("suffix", _SUFFIXES)
def test_write_round_trip(suffix, tmp_path, pixels):
    path = tmp_path / f"painting{suffix}"
    output.write(path, pixels)
    picture = files.read(path)
    assert _names(tmp_path) == [path.name]
    assert picture.size == (32, 24)
    lossy = suffix in (".jpg", ".jpeg", ".webp")
    assert np.abs(picture.pixels - pixels).mean() <= (0.02 if lossy else 0)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_write_tags_srgb_and_keeps_exif(suffix, tmp_path, pixels, exif):
    path = tmp_path / f"painting{suffix}"
    output.write(path, pixels, metadata=Metadata(exif))
    with Image.open(path) as written:
        assert written.info["icc_profile"] == srgb_profile()
    kept = Image.Exif()
    kept.load(files.read(path).exif)
    assert kept[ExifTags.Base.Artist] == "Hokusai"
    assert ExifTags.Base.DateTimeOriginal in kept.get_ifd(ExifTags.IFD.Exif)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_write_keeps_alpha(suffix, tmp_path, pixels, alpha):
    path = tmp_path / f"painting{suffix}"
    output.write(path, pixels, alpha=alpha)
    assert files.read(path).alpha == pytest.approx(alpha, abs=1 / 255)


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_write_lays_alpha_over_white(suffix, tmp_path, alpha):
    path = tmp_path / f"painting{suffix}"
    output.write(path, np.zeros((24, 32, 3), np.float32), alpha=alpha)
    picture = files.read(path)
    assert picture.alpha is None
    assert picture.pixels[:, :8] == pytest.approx(0, abs=0.02)
    assert picture.pixels[:, 24:] == pytest.approx(0.8, abs=0.02)


def test_write_clips_and_rounds(tmp_path):
    pixels = np.full((16, 16, 3), [-0.5, 100.6 / 255, 1.5], np.float32)
    output.write(tmp_path / "a.png", pixels)
    with Image.open(tmp_path / "a.png") as written:
        assert written.getpixel((0, 0)) == (0, 101, 255)


def test_write_is_reproducible(tmp_path, pixels, exif):
    for name in ("a.png", "b.png"):
        output.write(tmp_path / name, pixels, metadata=Metadata(exif))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_write_jpeg_keeps_full_colour_resolution(tmp_path):
    stripes = np.zeros((32, 32, 3), np.float32)
    stripes[:, ::2] = (1, 0, 0)
    stripes[:, 1::2] = (0, 0, 1)
    output.write(tmp_path / "a.jpg", stripes)
    assert np.abs(files.read(tmp_path / "a.jpg").pixels - stripes).mean() < 0.05


@pytest.mark.parametrize("quality", [95, 100])
def test_write_jpeg_of_finest_texture(quality, tmp_path, rng):
    noise = rng.random((300, 300, 3), dtype=np.float32)
    output.write(tmp_path / "a.jpg", noise, quality=quality)
    assert files.read(tmp_path / "a.jpg").size == (300, 300)


def test_write_quality(tmp_path, rng):
    noise = rng.random((64, 64, 3), dtype=np.float32)
    for suffix in (".jpg", ".webp"):
        for quality in (30, 95):
            output.write(tmp_path / f"{quality}{suffix}", noise, quality=quality)
        small, large = (tmp_path / f"{quality}{suffix}" for quality in (30, 95))
        assert small.stat().st_size < large.stat().st_size * 0.6


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_write_refuses_what_is_not_finite(value, tmp_path, pixels):
    pixels[3, 3] = value
    with pytest.raises(ValueError, match="not finite"):
        output.write(tmp_path / "a.png", pixels)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("shape", "alpha_shape"), [((24, 32), None), ((24, 32, 4), None), ((24, 32, 3), (32, 24))]
)
def test_write_refuses_shapes(shape, alpha_shape, tmp_path):
    alpha = None if alpha_shape is None else np.ones(alpha_shape, np.float32)
    with pytest.raises(ValueError, match=r"\("):
        output.write(tmp_path / "a.png", np.zeros(shape, np.float32), alpha=alpha)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("call", ["fsync", "save"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_write_interrupted_leaves_nothing(call, overwrite, error, tmp_path, pixels, monkeypatch):
    owner = os if call == "fsync" else Image.Image
    monkeypatch.setattr(owner, call, failing(error()))
    old = tmp_path / "a.png"
    if overwrite:
        old.write_text("old")
    with pytest.raises(error):
        output.write(tmp_path / "a.png", pixels, overwrite=overwrite)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"] * overwrite


def test_write_encoder_error(tmp_path, pixels):
    too_long = Metadata(exif=b"Exif\0\0" + bytes(70_000))
    words = {"pixels": pixels, "metadata": too_long}
    refused(output.write, tmp_path / "a.jpg", "encoding as JPEG failed", **words)


@pytest.mark.parametrize("suffix", [".webp", ".jpg"])
def test_write_too_long_for_format(suffix, tmp_path):
    pixels = np.zeros((1, 65_501, 3), np.float32)
    path = tmp_path / f"a{suffix}"
    refused(output.write, path, "longest side is .*write .png", pixels=pixels)


@pytest.mark.parametrize("suffix", _SUFFIXES)
def test_check_output(suffix, tmp_path):
    output.check_output(tmp_path / f"a{suffix}", overwrite=False, size=(4000, 3000))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.gif", "a.heic", ".png", "a.png.bak"])
def test_check_output_suffix(name, tmp_path):
    refused(output.check_output, tmp_path / name, "end the name in .png", overwrite=True)


def test_check_output_size(tmp_path):
    path, size = tmp_path / "a.webp", (20_000, 10)
    part = "20000 x 10 pixels are too many for WebP, whose longest side is 16383"
    refused(output.check_output, path, part, overwrite=True, size=size)


def test_media_types(tmp_path):
    assert output.media_type(tmp_path / "a.JPG") == "image/jpeg"
    kinds = {
        output.media_type(tmp_path / f"a{suffix}")
        for suffix, kind in OUTPUT_FORMATS.items()
        if kind != "AVIF" or features.check("avif")
    }
    assert kinds >= {f"image/{word}" for word in ("png", "jpeg", "webp", "tiff", "bmp")}
    refused(output.media_type, tmp_path / "a.gif", "end the name in .png")
