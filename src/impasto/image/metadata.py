"""Metadata of pictures: orientation, and what is copied from a photo to its painting."""

import io
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import ExifTags, Image

from impasto.image.directories import Directory, Entry, Reader, numbers, packed

_ORIENTATION = ExifTags.Base.Orientation

# Tags of the main block that describe the picture. The others describe its file (in a TIFF: strips,
# compression, bit depth) and would be wrong for the painting's file.
_KEPT = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Copyright,
    ExifTags.Base.Rating,
    ExifTags.Base.XPTitle,
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
)

# Tags of the camera's block that are wrong for another file: the size of the photo, and blocks with
# offsets into the original file.
_DROPPED = (
    ExifTags.Base.ExifImageWidth,
    ExifTags.Base.ExifImageHeight,
    ExifTags.Base.ExifInteroperabilityOffset,
    ExifTags.Base.MakerNote,
)

_SRGB = 1  # EXIF 2.32, tag 0xA001, ColorSpace
_INCH, _CENTIMETRE = 2, 3  # tag 0x0128, ResolutionUnit
_ASCII, _SHORT, _RATIONAL = 2, 3, 5

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = 0x0404
_IPTC_TAG, _PHOTOSHOP_TAG, _XMP_TAG = 0x83BB, 0x8649, 0x02BC

# A JPEG stores each of these in one segment, with a 16-bit length that includes itself.
_LARGEST = {"EXIF": 65533, "XMP": 65533 - len(_XMP), "IPTC": 65533 - len(_PHOTOSHOP) - 13}

# The largest density that a JPEG can store.
_LARGEST_DPI = 65535

# Parts of an XMP packet that describe the original file or data appended to it: sizes, thumbnails,
# gain maps, videos. The prefixes are those that programs use.
_OF_THE_FILE = (
    r"tiff:Image(?:Width|Length)|exif:Pixel[XY]Dimension|xmpNote:HasExtendedXMP"
    r"|(?:hdrgm|GCamera|Camera|GDepth|GImage|GAudio|GPano):\w+"
)
# Not compiled yet: that takes 3 ms, and few photos have XMP.
_XMP_ATTRIBUTE = rf"""\s(?:{_OF_THE_FILE})\s*=\s*(?:"[^"]*"|'[^']*')""".encode()
_XMP_ELEMENT = (
    rf"(?s)<({_OF_THE_FILE}|Container:Directory|xmp:Thumbnails|xap:Thumbnails)(?:\s[^>]*)?>"
    r".*?</\1\s*>"
).encode()
_XMP_ORIENTATION = rb"""(tiff:Orientation(?:\s*=\s*["']|\s*>\s*))\d+"""
_XMP_PADDING = rb"\s+(<\?xpacket end)"


@dataclass(frozen=True)
class Metadata:
    """Metadata that are copied from a photo to its painting.

    Attributes:
        exif: an EXIF block, which starts with `Exif\\0\\0`: author, date, camera, place.
        xmp: an XMP packet: title, keywords, rights.
        iptc: records of IPTC's Information Interchange Model, used by the press.
        dpi: pixels per inch of a print, horizontally and vertically.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None

    def stripped(self) -> "Metadata":
        """Return the print size only, without anything about people and places."""
        return Metadata(dpi=self.dpi)


NOTHING = Metadata()
"""Metadata of a picture that has none."""


def upright(image: Image.Image) -> Image.Image:
    """Apply the image's EXIF orientation; ignore a damaged EXIF block.

    The image must be loaded: in a PNG, EXIF may follow the pixels, and Pillow turns a TIFF when it
    loads it.
    """
    try:
        if image.getexif().get(_ORIENTATION, 1) == 1:
            return image  # Pillow would copy it
        from PIL import ImageOps  # few photos need it

        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow's parser may raise nearly any error
        return image


def kept(image: Image.Image, file: BinaryIO | None = None) -> tuple[Metadata, tuple[str, ...]]:
    """Collect the metadata for the painting, and notices of what is lost.

    Args:
        image: loaded.
        file: from which it was loaded, if any.
    """
    exif, lost_exif = kept_exif(image, file)
    tags = _main_directory(image, file)
    xmp, lost_xmp = _bounded("XMP", _xmp(image, tags))
    iptc, lost_iptc = _bounded("IPTC", _iptc(image, tags))
    return Metadata(exif, xmp, iptc, _dpi(image, file)), lost_exif + lost_xmp + lost_iptc


def kept_exif(
    image: Image.Image, file: BinaryIO | None = None
) -> tuple[bytes | None, tuple[str, ...]]:
    """Build the EXIF block for the painting, and notices of what is lost.

    Author, date, camera, exposure and place are copied unchanged. Orientation (the pixels are
    upright), the thumbnail (it shows the photo), maker notes and everything about the original file
    are left out. The colour space becomes sRGB.

    Returns:
        A block that starts with `Exif\\0\\0`, or None if there is nothing to keep.
    """
    try:
        block = _kept(image, file)
    except Exception:  # as above
        return None, ("has a damaged EXIF block, which is not kept",)
    return _bounded("EXIF", block)


def with_dpi(exif: bytes | None, dpi: tuple[float, float] | None) -> bytes | None:
    """Add the print size to an EXIF block, for formats that store it nowhere else."""
    if dpi is None:
        return exif
    order, main, below = parts(exif)
    return _EXIF + packed(order, main | resolution(order, dpi), below)


def resolution(order: str, dpi: tuple[float, float]) -> dict[int, Entry]:
    """Convert the print size to entries of a directory."""

    def rational(value: float) -> Entry:
        return Entry(_RATIONAL, 1, struct.pack(f"{order}II", round(value * 10_000), 10_000))

    return {
        ExifTags.Base.XResolution: rational(dpi[0]),
        ExifTags.Base.YResolution: rational(dpi[1]),
        ExifTags.Base.ResolutionUnit: numbers(order, _SHORT, _INCH),
    }


def parts(exif: bytes | None) -> tuple[str, dict[int, Entry], dict[int, Directory]]:
    """Read the byte order of an EXIF block and its directories: main, camera, place."""
    if exif is None:
        return "<", {}, {}
    return _directories(Reader(io.BytesIO(exif.removeprefix(_EXIF))))


def jpeg_segments(metadata: Metadata) -> bytes:
    """Convert XMP and IPTC to segments of a JPEG."""
    segments = b""
    if metadata.xmp is not None:
        segments += _segment(0xE1, _XMP + metadata.xmp)
    if metadata.iptc is not None:
        segments += _segment(0xED, _PHOTOSHOP + _resource(metadata.iptc))
    return segments


def _resource(iptc: bytes) -> bytes:
    """Wrap IPTC's records as a resource of Photoshop."""
    size = len(iptc)
    return struct.pack(">4sHHI", b"8BIM", _IPTC_RESOURCE, 0, size) + iptc + bytes(size % 2)


def png_profile(name: str, iptc: bytes) -> str:
    """Convert IPTC's records to the text that ImageMagick, ExifTool and others write to PNG."""
    data = _resource(iptc)
    digits = data.hex()
    lines = [digits[start : start + 72] for start in range(0, len(digits), 72)]
    return "\n".join(["", name, f"{len(data):8}", *lines, ""])


def tiff_entries(metadata: Metadata) -> dict[int, Entry]:
    """Convert XMP and IPTC to entries of a TIFF's directory."""
    return {
        tag: Entry(kind, len(data), data)
        for tag, kind, data in ((_XMP_TAG, 1, metadata.xmp), (_IPTC_TAG, 7, metadata.iptc))
        if data is not None
    }


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _bounded(kind: str, data: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    if data is not None and len(data) > _LARGEST[kind]:
        return None, (f"has more {kind} data than a JPEG can hold, which is not kept",)
    return data, ()


def _kept(image: Image.Image, file: BinaryIO | None) -> bytes | None:
    directories = _all_directories(image, file)
    if directories is None:
        return None
    order, main, below = directories
    main = {tag: main[tag] for tag in _KEPT if tag in main}
    camera = {tag: e for tag, e in below[ExifTags.IFD.Exif].items() if tag not in _DROPPED}
    if camera:
        camera[ExifTags.Base.ColorSpace] = numbers(order, _SHORT, _SRGB)
    place = below[ExifTags.IFD.GPSInfo]
    if not main and not camera and not place:
        return None
    block = packed(order, main, {ExifTags.IFD.Exif: camera, ExifTags.IFD.GPSInfo: place})
    return _EXIF + block


def _all_directories(
    image: Image.Image, file: BinaryIO | None
) -> tuple[str, dict[int, Entry], dict[int, Directory]] | None:
    """Read the byte order and directories of an image, wherever its format stores them.

    Raises:
        Exception: nearly any error, if they are damaged.
    """
    block = image.info.get("exif") or _png_profile(image, "exif", "APP1")
    if isinstance(block, bytes):
        while block.startswith(_EXIF):
            block = block[len(_EXIF) :]
        return _directories(Reader(io.BytesIO(block)))
    if image.format == "TIFF" and file is not None:
        return _directories(Reader(file))
    exif = image.getexif()
    return _from_pillow(exif) if len(exif) else None


def _directories(reader: Reader) -> tuple[str, dict[int, Entry], dict[int, Directory]]:
    main = reader.directory(reader.first)
    below: dict[int, Directory] = {}
    for tag in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        offset = reader.numbers(main.pop(tag, None))
        below[tag] = reader.directory(offset[0]) if offset else {}
    return reader.order, main, below


def _from_pillow(exif: Image.Exif) -> tuple[str, dict[int, Entry], dict[int, Directory]]:
    """Convert what Pillow has read; it decodes texts byte by byte, and would not encode them so."""
    order, main, below = parts(exif.tobytes())
    texts: Iterable[tuple[Any, Any]] = [
        (main, exif),
        *((below[tag], exif.get_ifd(tag)) for tag in below),
    ]
    for entries, values in texts:
        for tag, value in values.items():
            if isinstance(value, str) and tag in entries:
                data = value.encode("latin-1", "replace") + b"\0"
                entries[tag] = Entry(_ASCII, len(data), data)
    return order, main, below


def _main_directory(image: Image.Image, file: BinaryIO | None) -> dict[int, bytes]:
    """Read the entries of a TIFF's directory as bytes; an empty dict for other files."""
    if image.format != "TIFF" or file is None:
        return {}
    try:
        reader = Reader(file)
        return {tag: entry.data for tag, entry in reader.directory(reader.first).items()}
    except Exception:  # the picture is readable all the same
        return {}


def _png_profile(image: Image.Image, *names: str) -> bytes | None:
    """Decode the text that ImageMagick and others write to PNG; see `png_profile`."""
    for name in names:
        text = image.info.get(f"Raw profile type {name}")
        if isinstance(text, str):
            try:
                return bytes.fromhex("".join(text.split()[2:]))
            except ValueError:
                return None
    return None


def _xmp(image: Image.Image, tags: dict[int, bytes]) -> bytes | None:
    """Return the XMP packet, without the parts about the original file."""
    packet_or_text = (
        image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or tags.get(_XMP_TAG)
    )
    if packet_or_text is None:  # Pillow before version 11
        segments = (data for name, data in getattr(image, "applist", ()) if name == "APP1")
        packet_or_text = next((s.removeprefix(_XMP) for s in segments if s.startswith(_XMP)), None)
    if packet_or_text is None:
        packet_or_text = _png_profile(image, "xmp")
    packet = packet_or_text.encode() if isinstance(packet_or_text, str) else packet_or_text
    if not isinstance(packet, bytes) or b"<" not in packet:
        return None
    packet = packet.strip(b"\0 \r\n\t")
    for pattern, replacement in (
        (_XMP_ELEMENT, b""),
        (_XMP_ATTRIBUTE, b""),
        (_XMP_ORIENTATION, rb"\g<1>1"),
        (_XMP_PADDING, rb"\n\1"),
    ):
        packet = re.sub(pattern, replacement, packet)
    return packet


def _iptc(image: Image.Image, tags: dict[int, bytes]) -> bytes | None:
    resources = image.info.get("photoshop")
    if isinstance(resources, dict):
        records = resources.get(_IPTC_RESOURCE)
        return records if isinstance(records, bytes) and records else None
    if _IPTC_TAG in tags:
        return tags[_IPTC_TAG].rstrip(b"\0") or None
    profile = _png_profile(image, "iptc", "APP13") or tags.get(_PHOTOSHOP_TAG)
    return None if profile is None else _iptc_in(profile.removeprefix(_PHOTOSHOP))


def _iptc_in(resources: bytes) -> bytes | None:
    """Find IPTC's records, alone or among Photoshop's resources."""
    if resources.startswith(b"\x1c"):
        return resources
    start = 0
    while resources[start : start + 4] == b"8BIM" and len(resources) >= start + 12:
        (kind, name) = struct.unpack_from(">HB", resources, start + 4)
        start += 6 + (name + 2) // 2 * 2
        size = int.from_bytes(resources[start : start + 4], "big")
        data = resources[start + 4 : start + 4 + size]
        if kind == _IPTC_RESOURCE:
            return data or None
        start += 4 + size + size % 2
    return None


def _dpi(image: Image.Image, file: BinaryIO | None) -> tuple[float, float] | None:
    """Read the density of a print; None if the file does not state it."""
    stated = image.info.get("dpi")
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") not in (1, 2):
        stated = None  # Pillow makes one up
    try:
        across, down = (float(value) for value in stated or _exif_dpi(image, file))
    except Exception:  # as in `kept_exif`, or there is none
        return None
    return (across, down) if all(1 <= v <= _LARGEST_DPI for v in (across, down)) else None


def _exif_dpi(image: Image.Image, file: BinaryIO | None) -> tuple[float, ...]:
    directories = _all_directories(image, file)
    if directories is None:
        return ()
    order, main, _ = directories
    tags = (ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit)
    across, down, unit = (main[tag].data for tag in tags)
    (inches,) = struct.unpack(f"{order}H", unit)
    factor = {_INCH: 1.0, _CENTIMETRE: 2.54}[inches]
    ratios = (struct.unpack(f"{order}II", data) for data in (across, down))
    return tuple(factor * above / beneath for above, beneath in ratios)
