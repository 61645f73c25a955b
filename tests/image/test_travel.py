"""What a photo says beside its pixels, on its way through every format to the painting's file."""

import io
import itertools

import numpy as np
import pytest
from PIL import ExifTags, Image, IptcImagePlugin, PngImagePlugin

from impasto.image import files, output
from impasto.image.directories import Reader
from impasto.image.metadata import Metadata, png_profile

_COPYRIGHT, _ARTIST = 0x8298, 0x013B
_IPTC = b"\x1c\x02\x05\0\x05title\x1c\x02\x19\0\x07k\xc3\xa9ywor"
_XMP = (
    '<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" tiff:ImageWidth="40" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:rights="Jürgen"><tiff:Orientation>6'
    "</tiff:Orientation></rdf:Description></rdf:RDF></x:xmpmeta>"
    + " " * 3000
    + '\n<?xpacket end="w"?>'
).encode()

_FROM = ("JPEG", "PNG", "TIFF", "WEBP")
_TO = (".png", ".jpg", ".tif", ".webp", ".avif")


@pytest.fixture
def pixels():
    return np.full((20, 40, 3), 90, np.uint8)


def photo(kind, pixels):
    """A file with all that it can hold, written by Pillow."""
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[_ARTIST] = "me"
    exif[ExifTags.Base.Orientation] = 3
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 30.0)}
    options = {"exif": exif.tobytes()}
    if kind == "JPEG":
        options |= {"dpi": (300, 300), "extra": _app1(_XMP) + _app13(_IPTC)}
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        texts.add_text("Raw profile type iptc", png_profile("iptc", _IPTC), zip=True)
        options |= {"dpi": (300, 300), "pnginfo": texts}
    if kind == "TIFF":
        exif.load(exif.tobytes())
        exif[700], exif[33723] = _XMP, _IPTC
        options = {"dpi": (300, 300), "exif": exif}
    if kind == "WEBP":
        options |= {"xmp": _XMP}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _app1(xmp):
    data = b"http://ns.adobe.com/xap/1.0/\0" + xmp
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data


def _app13(iptc):
    data = b"Photoshop 3.0\08BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc
    data += bytes(len(iptc) % 2)
    return b"\xff\xed" + (len(data) + 2).to_bytes(2, "big") + data


@pytest.mark.parametrize(("kind", "suffix"), [*itertools.product(_FROM, _TO)])
def test_all_that_travels_arrives(kind, suffix, pixels, tmp_path):
    picture = files.load(photo(kind, pixels))
    assert picture.notices == ()
    path = tmp_path / f"painting{suffix}"
    output.write(path, picture.samples, metadata=picture.metadata)
    again = files.read(path)
    if suffix != ".jpg":
        assert again.metadata.exif is not None
    assert _parsed(again.exif)[_ARTIST] == "me"
    assert _parsed(again.exif).get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
    assert b"J\xc3\xbcrgen" in again.metadata.xmp
    assert b"6" not in again.metadata.xmp.partition(b"Orientation")[2][:4]
    assert b"ImageWidth" not in again.metadata.xmp
    if kind != "WEBP":
        assert again.metadata.dpi == pytest.approx((300, 300), abs=0.01)
        assert (again.metadata.iptc == _IPTC) == (suffix in (".png", ".jpg", ".tif"))
    with Image.open(path) as opened:
        assert opened.getexif().get(ExifTags.Base.Orientation, 1) == 1
        if suffix in (".jpg", ".tif") and kind != "WEBP":
            assert IptcImagePlugin.getiptcinfo(opened)[2, 5] == b"title"


@pytest.mark.parametrize("suffix", [*_TO, ".bmp"])
def test_stripped_leaves_the_size_of_a_print(suffix, pixels, tmp_path):
    picture = files.load(photo("JPEG", pixels))
    path = tmp_path / f"painting{suffix}"
    output.write(path, picture.samples, metadata=picture.metadata, strip=True)
    kept = files.read(path).metadata
    assert (kept.exif, kept.xmp, kept.iptc) == (None, None, None)
    if suffix not in (".webp", ".avif"):
        assert kept.dpi == pytest.approx((300, 300), abs=0.01)
    content = path.read_bytes()
    assert b"Exif" not in content.partition(b"mdat")[0] or suffix == ".avif"
    assert b"xmpmeta" not in content
    with Image.open(path) as opened:
        assert suffix == ".tif" or not len(opened.getexif())


@pytest.mark.parametrize(("suffix", "part"), [(".bmp", "EXIF and XMP and IPTC"), (".webp", "IPTC")])
def test_what_a_format_has_no_place_for_is_told(suffix, part, pixels, tmp_path):
    path = tmp_path / f"painting{suffix}"
    kept = files.load(photo("JPEG", pixels)).metadata
    assert f"cannot store {part} data" in output.left_out(path, kept)
    assert output.left_out(path, Metadata()) is None
    assert output.left_out(path.with_suffix(".png"), kept) is None


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "text", ["(C) 2024 Jürgen".encode(), "© Łukasz 写真".encode(), b"J\xfcrgen", b"plain"]
)
def test_texts_are_the_bytes_as_they_were(text, order, suffix, pixels, tmp_path):
    from impasto.image.directories import Entry, packed

    block = b"Exif\0\0" + packed(
        order,
        {_COPYRIGHT: Entry(2, len(text) + 1, text + b"\0")},
        {ExifTags.IFD.Exif: {0xA434: Entry(2, len(text) + 1, text + b"\0")}},
    )
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", exif=block)
    source = file.getvalue()
    for _ in range(2):  # by way of its own output, too
        picture = files.load(source)
        path = tmp_path / f"painting{suffix}"
        output.write(path, picture.samples, metadata=picture.metadata, overwrite=True)
        source = path.read_bytes()
        assert source.count(text + b"\0") == 2
        assert _entries(files.load(source).exif)[_COPYRIGHT].data == text + b"\0"


def test_texts_of_an_image_that_pillow_has_read(pixels, tmp_path):
    text = "Jürgen".encode()
    Image.fromarray(pixels).save(tmp_path / "a.tif", tiffinfo={_ARTIST: "x" * len(text)})
    content = (tmp_path / "a.tif").read_bytes().replace(b"x" * len(text), text)
    with Image.open(io.BytesIO(content)) as opened:
        assert text in files.load(opened).exif


@pytest.mark.parametrize(
    ("dpi", "expected"), [((0, 0), None), ((1e9, 300), None), ((240.5, 120), (240.5, 120))]
)
def test_sizes_of_prints_that_can_be_meant(dpi, expected, pixels):
    image = Image.fromarray(pixels)
    image.info["dpi"] = dpi
    assert files.load(image).metadata.dpi == expected


def test_size_of_a_print_in_centimetres_in_exif(pixels):
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = 100.0
    exif[ExifTags.Base.ResolutionUnit] = 3
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", exif=exif.tobytes())
    assert files.load(file.getvalue()).metadata.dpi == pytest.approx((254, 254))


def test_no_size_of_a_print_is_made_up(pixels):
    exif = Image.Exif()
    exif[_ARTIST] = "me"
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", exif=exif.tobytes())
    assert files.load(file.getvalue()).metadata.dpi is None


@pytest.mark.parametrize(
    "texts",
    [
        {"workflow": "x" * (1 << 21)},
        {f"part {n}": "x" * 900_000 for n in range(90)},
        {"Comment": "é" * (1 << 21)},
    ],
)
@pytest.mark.parametrize("compressed", [True, False])
def test_long_texts_do_not_stop_a_png(texts, compressed, pixels):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        if text.isascii():
            info.add_text(name, text, zip=compressed)
        else:
            info.add_itxt(name, text, zip=compressed)
    info.add_itxt("XML:com.adobe.xmp", "<x/>")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info, dpi=(300, 300))
    picture = files.load(file.getvalue())
    assert (picture.samples == 90).all()
    assert picture.metadata.xmp == b"<x/>"
    assert picture.metadata.dpi == pytest.approx((300, 300), abs=0.01)


def test_long_texts_behind_the_pixels(pixels):
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * (1 << 21), zip=True)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info)
    content = file.getvalue()
    start, end = content.index(b"zTXt") - 4, content.index(b"IDAT") - 4
    text = content[start:end]
    moved = content[:start] + content[end:-12] + text + content[-12:]
    assert files.load(moved).size == (40, 20)


def test_a_large_profile_is_used(pixels, swapped_profile):
    profile = swapped_profile + bytes(3 << 20)
    profile = len(profile).to_bytes(4, "big") + profile[4:]
    file = io.BytesIO()
    Image.fromarray(pixels * np.uint8([1, 2, 1])).save(file, "PNG", icc_profile=profile)
    picture = files.load(file.getvalue())
    assert picture.notices == ()
    assert picture.samples[0, 0].tolist() == [180, 90, 90]


def test_too_much_is_told(pixels):
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "<x>" + "y" * 80_000)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info)
    picture = files.load(file.getvalue())
    assert "more XMP data than a JPEG can hold" in picture.notices[0]


def _parsed(block):
    exif = Image.Exif()
    exif.load(block)
    return exif


def _entries(block):
    reader = Reader(io.BytesIO(block.removeprefix(b"Exif\0\0")))
    return reader.directory(reader.first)
