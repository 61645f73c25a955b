import io
import os
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile

from impasto.errors import InputError
from impasto.image import files

_LOSSLESS = ["photo.png", "photo.tif", "photo.bmp"]
_LOSSY = ["photo.jpg", "photo.webp", "photo.gif"]


def _refused(source, part, **options):
    """The message with which a source is refused, checked for its form."""
    with pytest.raises(InputError, match=part) as caught:
        files.load(source, **options)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert caught.value.exit_code == 2
    if isinstance(source, Path):
        assert source.name in message
    return message


def _frames(count):
    return [Image.new("RGB", (20, 20), (50 * index, 0, 0)) for index in range(count)]


@pytest.fixture
def saved(tmp_path, gradient):
    """Saves the gradient, and says where."""

    def save(name, mode="RGB", **options):
        path = tmp_path / name
        image = Image.fromarray(gradient)
        if mode == "I;16":
            image = image.convert("L")
        image.convert(mode).save(path, **options)
        return path

    return save


@pytest.mark.parametrize("name", _LOSSLESS + _LOSSY)
def test_read_formats(name, saved, gradient):
    picture = files.read(saved(name))
    assert picture.size == (32, 24)
    assert picture.pixels.dtype == np.float32
    assert picture.alpha is None
    assert picture.notices == ()
    assert picture.path.name == name
    tolerance = 0 if name in _LOSSLESS else 0.06
    assert np.abs(picture.pixels - gradient / np.float32(255)).mean() <= tolerance


def test_read_goes_by_content(saved):
    path = saved("photo.png")
    assert files.read(path.rename(path.with_suffix(".jpg"))).size == (32, 24)


def test_read_accepts_string_and_writable_pixels(saved):
    picture = files.read(str(saved("photo.png")))
    picture.pixels[0, 0] = 1
    assert picture.path.name == "photo.png"


def test_read_leaves_the_file_closed(saved):
    path = saved("photo.jpg")
    files.read(path)
    path.unlink()
    assert not path.exists()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_read_png_modes(mode, saved):
    assert files.read(saved("photo.png", mode)).pixels.shape == (24, 32, 3)


@pytest.mark.parametrize("mode", ["1", "L", "F", "I;16", "CMYK", "LAB"])
def test_read_tiff_modes(mode, saved):
    assert files.read(saved("photo.tif", mode)).pixels.shape == (24, 32, 3)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_read_16_bit_grey(suffix, tmp_path):
    samples = np.linspace(0, 300, 20 * 32).astype(np.uint16).reshape(20, 32)
    path = tmp_path / f"scan.{suffix}"
    Image.fromarray(samples).save(path)
    picture = files.read(path)
    assert picture.pixels[..., 1] == pytest.approx(samples / 65535, abs=1e-6)
    assert picture.notices == ()


def test_read_16_bit_colour(tmp_path):
    row = b"\0" + struct.pack(">3H", 0, 0x8000, 0xFFFF) * 16
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * 16)),
        (b"IEND", b""),
    ]
    path = tmp_path / "deep.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    assert files.read(path).pixels[5, 5] == pytest.approx(np.array([0, 0.5, 1]), abs=1 / 255)


@pytest.mark.parametrize("scale", [1, 255])
def test_read_float_tiff(scale, tmp_path):
    path = tmp_path / "float.tif"
    Image.fromarray(np.full((20, 32), 0.25 * scale, np.float32)).save(path)
    picture = files.read(path)
    assert picture.pixels == pytest.approx(0.25)
    assert len(picture.notices) == (scale != 1)
    assert all(notice.startswith(str(path)) for notice in picture.notices)


def test_read_cmyk_jpeg(tmp_path):
    path = tmp_path / "press.jpg"
    Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(path)
    assert files.read(path).pixels[5, 5] == pytest.approx(np.array([1, 0, 0]), abs=0.02)


@pytest.mark.parametrize("name", ["photo.png", "photo.webp", "photo.tif"])
def test_read_alpha(name, tmp_path):
    image = Image.new("RGBA", (32, 20), (255, 0, 0, 51))
    image.paste((0, 0, 255, 255), (0, 0, 16, 20))
    image.save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    picture = files.read(tmp_path / name)
    assert picture.alpha[:, :16] == pytest.approx(1)
    assert picture.alpha[:, 16:] == pytest.approx(0.2)
    assert picture.pixels[0, 31] == pytest.approx(np.array([1, 0, 0]))


@pytest.mark.parametrize(
    ("name", "transparency"),
    [("photo.png", 0), ("photo.gif", 0), ("photo.png", bytes([0, 255]))],
)
def test_read_transparent_palette(name, transparency, tmp_path):
    indices = np.zeros((20, 32), np.uint8)
    indices[:, :16] = 1
    image = Image.fromarray(indices).convert("P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(tmp_path / name, transparency=transparency)
    picture = files.read(tmp_path / name)
    assert (picture.alpha[:, :16] == 1).all()
    assert (picture.alpha[:, 16:] == 0).all()
    assert picture.pixels[0, 0].tolist() == [0, 0, 1]


def test_read_transparent_colour(saved):
    picture = files.read(saved("photo.png", transparency=(0, 0, 64)))
    assert picture.alpha[0, 0] == 0
    assert picture.alpha.sum() == 24 * 32 - 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_read_applies_orientation(orientation, saved):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "me"
    picture = files.read(saved("photo.jpg", exif=exif))
    assert picture.size == ((32, 24) if orientation < 5 else (24, 32))
    kept = Image.Exif()
    kept.load(picture.exif)
    assert dict(kept) == {ExifTags.Base.Artist: "me"}


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "photo.webp", "photo.tif"])
def test_read_applies_profile(name, saved, swapped_profile, gradient):
    options = {} if name.endswith(("png", "tif")) else {"quality": 100}
    picture = files.read(saved(name, icc_profile=swapped_profile, **options))
    expected = gradient[..., [1, 0, 2]] / 255
    assert np.abs(picture.pixels - expected).mean() < 0.03
    assert picture.notices == ()


def test_read_profile_and_orientation_together(saved, swapped_profile):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = files.read(saved("photo.png", icc_profile=swapped_profile, exif=exif))
    assert picture.size == (24, 32)
    assert picture.pixels[-1, -1, 1] > 0.9  # was red, at the right end


def test_read_notices_broken_profile(saved):
    path = saved("photo.png", icc_profile=b"nonsense")
    (notice,) = files.read(path).notices
    assert notice == f"{path} has an unusable colour profile, which is ignored"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("a.gif", "has 3 frames; only the first is used"),
        ("a.webp", "has 3 frames; only the first is used"),
        ("a.png", "has 3 frames; only the first is used"),
        ("a.tif", "has 3 pages; only the first is used"),
    ],
)
def test_read_takes_first_frame(name, part, tmp_path):
    first, *others = _frames(3)
    first.save(tmp_path / name, save_all=True, append_images=others)
    picture = files.read(tmp_path / name)
    assert picture.notices == (f"{tmp_path / name} {part}",)
    assert picture.pixels.max() < 0.02


def test_read_is_silent_on_embedded_previews(tmp_path):
    first, *others = _frames(2)
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=others)
    assert files.read(tmp_path / "phone.jpg").notices == ()


def test_read_missing_file(tmp_path):
    _refused(tmp_path / "none.jpg", "no such file")


def test_read_folder(tmp_path):
    _refused(tmp_path, "this is a folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_read_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    _refused(tmp_path / "pipe.jpg", "device or pipe")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root reads everything")
def test_read_without_permission(saved):
    path = saved("photo.png")
    path.chmod(0)
    _refused(path, "permission denied")


def test_read_with_permission_denied_by_the_system(saved, monkeypatch):
    def deny(*_):
        raise PermissionError(13, "Permission denied")

    path = saved("photo.png")
    monkeypatch.setattr(Path, "open", deny)
    _refused(path, "permission denied")


@pytest.mark.parametrize("name", ["a\0b.jpg", "x" * 300 + ".jpg"])
def test_read_impossible_name(name):
    _refused(name, "name")


def test_read_name_with_line_break(tmp_path):
    message = _refused(str(tmp_path / "two\nlines.jpg"), "no such file")
    assert "two�lines.jpg" in message


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("empty.jpg", b"", "is empty"),
        ("diary.jpg", b"Dear diary, today\n", "not a picture"),
        ("photo.heic", b"\0\0\0\x1cftypheic" + bytes(40), "HEIC needs the pillow-heif package"),
        ("photo.dng", b"II*\0" + bytes(40), "camera RAW"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "export it as PNG"),
        ("paper.pdf", b"%PDF-1.7\n", "export the page"),
    ],
)
def test_read_other_files(name, content, part, tmp_path, monkeypatch):
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / name).write_bytes(content)
    _refused(tmp_path / name, part)


@pytest.mark.parametrize("name", _LOSSLESS + _LOSSY)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_read_truncated_file(name, kept, tmp_path, rng):
    path = tmp_path / name
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    _refused(path, "damaged or cut short")


@pytest.mark.parametrize("name", _LOSSLESS + _LOSSY)
def test_read_survives_random_damage(name, saved, rng):
    """Whatever the bytes, the outcome is a picture or an InputError of one line."""
    path = saved(name)
    sound = path.read_bytes()
    for _ in range(40):
        damaged = bytearray(sound)
        for position in rng.integers(0, len(sound), 8):
            damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            picture = files.read(path, max_pixels=1_000_000)
        except InputError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert np.isfinite(picture.pixels).all()


@pytest.mark.parametrize(
    "error",
    [
        OSError("x"),
        SyntaxError("x"),
        ValueError("x"),
        struct.error("x"),
        zlib.error("x"),
        EOFError("x"),
        IndexError("x"),
        OverflowError("x"),
    ],
)
def test_read_decoder_errors(error, saved, monkeypatch):
    def fail(_):
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    _refused(saved("photo.bmp"), "the BMP data are damaged or cut short")


def test_read_out_of_memory(saved, monkeypatch):
    def fail(_):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    _refused(saved("photo.bmp"), "not enough memory")


@pytest.mark.parametrize(("side", "part"), [(65_000, "far too many"), (13_000, "150 megapixels")])
def test_read_decompression_bomb(side, part, tmp_path):
    """It has no pixels, so decoding it would give another error."""
    header = struct.pack("<2sIHHIIiiHH", b"BM", 0, 0, 0, 54, 40, side, side, 1, 24) + bytes(24)
    (tmp_path / "bomb.bmp").write_bytes(header)
    _refused(tmp_path / "bomb.bmp", part)


def test_read_max_pixels(saved):
    path = saved("photo.png")
    assert files.read(path, max_pixels=32 * 24).size == (32, 24)
    _refused(path, "32 x 24 pixels is more than 0.0005 megapixels", max_pixels=500)


def test_read_large_picture_without_warning(saved, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert files.read(saved("photo.png")).size == (32, 24)
    assert Image.MAX_IMAGE_PIXELS == 500


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 3000), (15, 16)])
def test_read_too_small(size, tmp_path):
    Image.new("RGB", size).save(tmp_path / "tiny.png")
    _refused(tmp_path / "tiny.png", f"{size[0]} x {size[1]} pixels is too small")


def test_read_smallest(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "small.png")
    assert files.read(tmp_path / "small.png").size == (16, 16)


def test_load_path_image_and_array_agree(saved, gradient):
    path = saved("photo.png")
    with Image.open(path) as opened:
        pictures = [files.load(source) for source in (path, str(path), opened, gradient)]
    for picture in pictures:
        assert np.array_equal(picture.pixels, pictures[0].pixels)
    assert pictures[2].path is None
    assert pictures[3].path is None


def test_load_image_leaves_it_as_it_was(gradient):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    image = Image.fromarray(gradient)
    image.info["exif"] = exif.tobytes()
    assert files.load(image).size == (24, 32)
    assert image.size == (32, 24)
    assert "exif" in image.info


def test_load_array_notices():
    picture = files.load(np.full((20, 32), 200.0))
    assert picture.notices == ("the array has values up to 200, read on a scale from 0 to 255",)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        (np.zeros((3, 32, 32)), "the array has shape"),
        (np.zeros((0, 0)), "the array: 0 x 0 pixels is too small"),
        (np.zeros((8, 32, 3)), "the array: 32 x 8 pixels is too small"),
        (Image.new("L", (8, 32)), "the image: 8 x 32 pixels is too small"),
    ],
)
def test_load_refuses(source, part):
    _refused(source, part)


def test_load_max_pixels():
    _refused(np.zeros((32, 32)), "more than", max_pixels=1000)


def test_load_refuses_other_types():
    with pytest.raises(TypeError, match="not list"):
        files.load([1, 2, 3])


def test_picture_prints_shortly(saved):
    assert len(repr(files.read(saved("photo.png")))) < 300


def test_no_word_is_not_this_folder():
    assert _refused("", "the name is empty") == "the name is empty; name a picture"


class _Place:
    """What names a file without being a path."""

    def __init__(self, path):
        self._path = path

    def __fspath__(self):
        return str(self._path)


def test_load_takes_whatever_holds_a_picture(saved):
    path = saved("photo.png")
    content = path.read_bytes()
    with path.open("rb") as opened:
        sources = [_Place(path), content, bytearray(content), memoryview(content),
                   io.BytesIO(content), opened]  # fmt: skip
        pictures = [files.load(source) for source in sources]
    assert all(np.array_equal(p.samples, pictures[0].samples) for p in pictures)
    assert pictures[0].path == path


def test_load_refuses_files_in_one_line(tmp_path, saved):
    path = saved("photo.png")
    with path.open("rb") as closed:
        pass
    with path.open(encoding="latin-1") as text:
        assert "opened as text" in _refused(text, "photo.png: ")
    _refused(closed, "photo.png: cannot be read: .*closed")
    _refused(b"", "the bytes: the file is empty")
    _refused(b"Dear diary", "the bytes: not a picture")


def test_a_closed_image_is_told_from_a_broken_one(saved):
    with Image.open(saved("photo.png")) as image:
        pass
    _refused(image, "the image is closed")
    with Image.open(saved("photo.png")) as image:
        image.load()
    assert files.load(image).size == (32, 24)


@pytest.mark.parametrize(("gamma", "told"), [(45455, False), (45000, False), (100000, True)])
def test_a_gamma_that_is_not_applied_is_told(saved, gamma, told):
    content = saved("photo.png").read_bytes()
    data = struct.pack(">I", gamma)
    chunk = struct.pack(">I", 4) + b"gAMA" + data + struct.pack(">I", zlib.crc32(b"gAMA" + data))
    picture = files.load(content[:33] + chunk + content[33:])
    assert [("gamma of 1," in notice) for notice in picture.notices] == [True] * told
