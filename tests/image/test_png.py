"""PNG files without texts and profiles that Pillow would refuse."""

import io
import struct
import zlib

import pytest
from PIL import Image

from impasto.image.png import prepared


def png(*chunks):
    """A picture with further chunks before its end."""
    file = io.BytesIO()
    Image.new("RGB", (4, 3), "teal").save(file, "PNG")
    content = file.getvalue()
    more = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return content[:-12] + more + content[-12:]


def opened(content):
    with Image.open(prepared(io.BytesIO(content)).file, formats=["PNG"]) as image:
        image.load()
        return image


def test_a_file_with_nothing_to_remove_is_itself():
    file = io.BytesIO(png((b"tEXt", b"XML:com.adobe.xmp\0<x/>")))
    result = prepared(file)
    assert result.file is file
    assert result.profile is None
    assert file.tell() == 0


@pytest.mark.parametrize(
    "chunk",
    [
        (b"tEXt", b"workflow\0" + b"x" * (1 << 21)),
        (b"zTXt", b"history\0\0" + zlib.compress(b"x" * (1 << 21))),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"x" * (1 << 21))),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + zlib.compress(b"x" * (1 << 21))),
    ],
)
def test_texts_that_are_not_read_or_too_long_are_removed(chunk):
    image = opened(png(chunk))
    assert image.getpixel((0, 0)) == (0, 128, 128)
    assert not image.info


def test_the_first_of_two_equal_texts_stays():
    texts = [(b"tEXt", b"Raw profile type iptc\0" + word) for word in (b"one", b"two")]
    assert opened(png(*texts)).info["Raw profile type iptc"] == "one"


def test_a_long_profile_is_returned_beside_the_file():
    profile = b"p" * (1 << 21)
    chunk = (b"iCCP", b"printer\0\0" + zlib.compress(profile))
    result = prepared(io.BytesIO(png(chunk)))
    assert result.profile == profile
    assert b"iCCP" not in result.file.read()


@pytest.mark.parametrize("length", [0, 8, 20, -5])
def test_damage_stays(length):
    content = png((b"tEXt", b"workflow\0long"))[:length]
    result = prepared(io.BytesIO(content))
    assert content.startswith(result.file.read()[:20])
