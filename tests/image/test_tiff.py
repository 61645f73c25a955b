"""Kinds of TIFF: read right, or refused with a word on what they are."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.image import files, tiff
from impasto.image.directories import Reader, numbers, packed
from impasto.image.metadata import Metadata
from impasto.image.profiles import srgb_profile

_TYPES = {"u": 1, "i": 2, "f": 3}


def stored(samples, photometric, order="<", planar=False, compressed=False, bits=None, extra=()):
    """A TIFF of (H, W, C) of any type, made by hand: Pillow writes few kinds."""
    height, width, channels = samples.shape
    typed = samples.astype(samples.dtype.newbyteorder(order))
    planes = [np.ascontiguousarray(typed[..., k]) for k in range(channels)] if planar else [typed]
    strips = [plane.tobytes() for plane in planes]
    if compressed:
        strips = [zlib.compress(strip) for strip in strips]
    entries = {
        256: numbers(order, 4, width),
        257: numbers(order, 4, height),
        258: numbers(order, 3, *[bits or samples.dtype.itemsize * 8] * channels),
        259: numbers(order, 3, 8 if compressed else 1),
        262: numbers(order, 3, photometric),
        273: numbers(order, 4, *[0] * len(strips)),
        277: numbers(order, 3, channels),
        278: numbers(order, 4, height),
        279: numbers(order, 4, *map(len, strips)),
        284: numbers(order, 3, 2 if planar else 1),
        339: numbers(order, 3, *[_TYPES[samples.dtype.kind]] * channels),
    }
    if extra:
        entries[338] = numbers(order, 3, *extra)
    start = len(packed(order, entries, {}))
    offsets = start + np.cumsum([0, *map(len, strips[:-1])])
    entries[273] = numbers(order, 4, *map(int, offsets))
    return b"".join([packed(order, entries, {}), *strips])


def ramp(kind, channels):
    """A picture (24, 32, C) of a type, and what it shows in [0, 1]."""
    y, x = np.mgrid[:24, :32]
    shown = np.stack([x / 31, y / 23, (x + y) / 54, np.full(x.shape, 0.8)][:channels], 2)
    if np.dtype(kind).kind == "f":
        return shown.astype(kind), shown
    return np.round(shown * np.iinfo(kind).max).astype(kind), shown


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i1", "i4", "f2", "f4", "f8"])
@pytest.mark.parametrize(
    ("photometric", "channels", "extra"),
    [(0, 1, ()), (1, 1, ()), (1, 2, (2,)), (2, 3, ()), (2, 4, (0,)), (2, 4, (1,)), (2, 4, (2,)),
     (5, 4, ())],
)  # fmt: skip
def test_nothing_is_read_wrong_in_silence(
    photometric, channels, extra, kind, planar, compressed, order, capfd
):
    samples, shown = ramp(kind, channels)
    content = stored(samples, photometric, order, planar, compressed, extra=extra)
    try:
        picture = files.load(content)
    except InputError as problem:
        assert "this kind of TIFF is not supported" in str(problem)
        assert "bit" in str(problem)
        assert kind != "u1" or planar
        return
    finally:
        assert capfd.readouterr().err == ""
    expected = np.repeat(shown[..., :1], 3, 2) if channels < 3 else shown[..., :3]
    if photometric == 5:
        expected = (1 - expected) * (1 - shown[..., 3:])
    if photometric == 0:
        expected = 1 - expected
    if extra == (1,):
        expected = expected / shown[..., 3:]
    assert np.abs(picture.pixels - expected.clip(0, 1)).mean() < 0.02


def test_values_above_two_to_the_31_are_not_negative():
    samples = np.full((16, 16, 1), 2**32 - 1, np.uint32)
    samples[:8] = 2**31
    picture = files.load(stored(samples, 1))
    assert picture.pixels[0, 0] == pytest.approx(0.5, abs=0.01)
    assert picture.notices


def test_12_bits():
    row = np.arange(16) * 4095 // 15
    bits = ((row[:, None] >> np.arange(11, -1, -1)) & 1).astype(np.uint8)
    line = np.packbits(bits.ravel())
    content = bytearray(stored(np.zeros((16, 24, 1), np.uint8), 1, bits=12))
    content[-16 * 24 :] = np.tile(line, 16).tobytes()
    content = bytes(content)
    width = content.index(struct.pack("<HHII", 256, 4, 1, 24))
    content = content[: width + 8] + struct.pack("<I", 16) + content[width + 12 :]
    assert files.load(content).pixels[3, :, 0] == pytest.approx(row / 4095, abs=0.01)


@pytest.mark.parametrize(
    ("compression", "part"), [(50001, "WebP"), (34712, "JPEG 2000"), (4711, "unknown")]
)
def test_compression_that_is_not_unpacked(compression, part, capfd):
    content = stored(ramp("u1", 3)[0], 2)
    found = content.index(struct.pack("<HHI", 259, 3, 1))
    content = content[: found + 8] + struct.pack("<H", compression) + content[found + 10 :]
    with pytest.raises(InputError, match=f"TIFF is not supported \\({part} compression\\)"):
        files.load(content)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("photometric", "kind", "channels", "part"),
    [(2, "f4", 3, "32-bit float RGB"), (2, "u4", 3, "32-bit RGB"), (9, "u1", 3, "ICC Lab"),
     (32803, "u2", 1, "raw sensor")],
)  # fmt: skip
def test_sound_files_are_not_called_broken(photometric, kind, channels, part):
    with pytest.raises(InputError, match=f"not supported \\(.*{part}.*export it with 8 bits"):
        files.load(stored(ramp(kind, channels)[0], photometric))


def test_broken_files_are_called_so():
    content = stored(ramp("u1", 3)[0], 2)
    for damaged in (content[:40], content[:-200], b"II*\0" + bytes(30)):
        with pytest.raises(InputError, match="damaged or cut short"):
            files.load(damaged)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (37, 23), (1500, 700)])
def test_what_is_written_is_read(mode, size):
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (size[1], size[0], len(mode)), np.uint8)
    content = tiff.encoded(Image.fromarray(pixels), srgb_profile(), Metadata(dpi=(300, 150)))
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.mode == mode
        assert opened.info["dpi"] == (300, 150)
        assert opened.info["icc_profile"] == srgb_profile()
        assert np.array_equal(np.asarray(opened), pixels)


def test_directories_survive_nonsense():
    rng = np.random.default_rng(5)
    sound = stored(ramp("u1", 3)[0], 2)
    for _ in range(300):
        damaged = bytearray(sound)
        for place in rng.integers(0, 200, 6):
            damaged[place] = rng.integers(0, 256)
        file = io.BytesIO(damaged)
        tiff.kind_of(file)
        tiff.unread_kind(file)
        assert file.tell() == 0


def test_big_tiff_is_understood(tmp_path):
    Image.new("RGB", (20, 20), (9, 8, 7)).save(tmp_path / "a.tif", big_tiff=True)
    content = (tmp_path / "a.tif").read_bytes()
    reader = Reader(io.BytesIO(content))
    assert reader.numbers(reader.directory(reader.first)[256]) == (20,)
    assert (files.load(content).samples == (9, 8, 7)).all()
