"""Odd pictures, made anew in every run: each is to be painted, or refused in one line."""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import PIL
from PIL import Image, ImageCms

from .pictures import (
    QUARTERS,
    SIZE,
    chunk,
    encoded,
    exif,
    orientation,
    png,
    png_header,
    quarters,
    tiff_entry,
    without_segment,
    ycck_jpeg,
)

TRUNCATIONS = 20
FLIPS = 12

FORMATS = {
    "jpg": ("JPEG", {"quality": 95}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"quality": 95}),
    "tif": ("TIFF", {}),
    "bmp": ("BMP", {}),
    "gif": ("GIF", {}),
}
"""Pillow's name and options of each format that is read, by suffix."""

MODES = {
    "png": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "tif": ("1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "I", "F", "I;16",
            "I;16B"),
    "jpg": ("1", "L", "RGB", "CMYK"),
    "webp": ("L", "LA", "P", "RGB", "RGBA"),
    "bmp": ("1", "L", "P", "RGB", "RGBA"),
    "gif": ("1", "L", "LA", "P", "RGB", "RGBA"),
}  # fmt: skip
"""The modes of Pillow's that it writes in each format."""

DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""The bits that a channel can have in each colour type of PNG."""

TURNED = {
    1: QUARTERS,
    2: QUARTERS[:, ::-1],
    3: QUARTERS[::-1, ::-1],
    4: QUARTERS[::-1],
    5: QUARTERS.transpose(1, 0, 2),
    6: np.rot90(QUARTERS, -1),
    7: np.rot90(QUARTERS, 2).transpose(1, 0, 2),
    8: np.rot90(QUARTERS),
}
"""What is to be seen of the quarters with each EXIF orientation."""

GREY = np.asarray(Image.fromarray(QUARTERS).convert("L"))


@dataclass(frozen=True)
class Odd:
    """A file that a user might have.

    Attributes:
        name: of the file, telling what is odd about it.
        content: its bytes.
        size: (width, height) of its painting; None if it must be refused.
        corners: (2, 2, 3) or, of a grey picture, (2, 2), what the quarters show, from 0 to 255.
        doubtful: whether it may be refused, too.
    """

    name: str
    content: bytes
    size: tuple[int, int] | None = SIZE
    corners: np.ndarray | None = None
    doubtful: bool = False


UNREADABLE = ("YCbCr",) if int(PIL.__version__.split(".")[0]) < 13 else ()
"""Modes of TIFF that this Pillow writes and cannot read."""


def sound(suffix: str) -> bytes:
    """The quarters in the format of that suffix."""
    kind, options = FORMATS[suffix]
    return encoded(quarters(), kind, **options)


def modes() -> Iterator[Odd]:
    """Every mode that a format can hold."""
    for suffix, kinds in MODES.items():
        for mode in kinds:
            kind, options = FORMATS[suffix]
            content = encoded(_in_mode(mode), kind, **options)
            shows = GREY if mode in ("L", "LA", "I", "F", "I;16", "I;16B") else QUARTERS
            dithered = mode == "1"
            name = f"mode-{mode.replace(';', '-')}.{suffix}"
            yield Odd(
                name, content, corners=None if dithered else shows, doubtful=mode in UNREADABLE
            )


def _in_mode(mode: str) -> Image.Image:
    image = quarters()
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    if mode.startswith("I;16"):
        deep = np.asarray(image.convert("L")).astype(np.uint16) * 257
        return Image.fromarray(deep.astype(">u2" if mode.endswith("B") else "<u2"))
    return image.convert(mode)


def png_kinds() -> Iterator[Odd]:
    """Every colour type and depth of PNG, straight and interlaced; transparent palettes."""
    for colour, depths in DEPTHS.items():
        for depth in depths:
            shows = {0: GREY if depth >= 8 else None, 4: GREY}.get(colour, QUARTERS)
            for interlaced in (False, True):
                name = f"colour-{colour}-{depth}-bit{'-interlaced' * interlaced}.png"
                yield Odd(name, png(depth, colour, interlaced), corners=shows)
    palette = quarters().convert("P")
    for name, transparency in (("one", 3), ("several", bytes([0, 128, 255])), ("all", bytes(256))):
        content = encoded(palette, "PNG", transparency=transparency)
        yield Odd(f"transparent-{name}.png", content)
        if isinstance(transparency, int):
            yield Odd("transparent.gif", encoded(palette, "GIF", transparency=transparency))


def presses() -> Iterator[Odd]:
    """JPEG for the press, and others that cameras and editors write."""
    inks = quarters().convert("CMYK")
    cmyk = encoded(inks, "JPEG", quality=100)
    yield Odd("ycck.jpg", ycck_jpeg(), corners=QUARTERS)
    yield Odd("cmyk-adobe.jpg", cmyk, corners=QUARTERS)
    yield Odd("cmyk-without-adobe.jpg", without_segment(cmyk, b"Adobe"))
    rgb = encoded(quarters(), "JPEG", quality=95, keep_rgb=True)
    yield Odd("not-ycc.jpg", rgb, corners=QUARTERS)
    yield Odd("without-jfif.jpg", without_segment(sound("jpg"), b"JFIF"), corners=QUARTERS)
    yield Odd("progressive.jpg", encoded(quarters(), "JPEG", progressive=True, quality=95))
    yield Odd("subsampled.jpg", encoded(quarters(), "JPEG", subsampling="4:2:0"))
    yield Odd("lead-in-then-jpeg.jpg", b"\0" + sound("jpg"), size=None)
    yield Odd("with-a-tail.jpg", sound("jpg") + bytes(1000), corners=QUARTERS)


def orientations() -> Iterator[Odd]:
    """Every EXIF orientation in every format that has EXIF, and EXIF that is broken."""
    for suffix in ("jpg", "png", "webp", "tif"):
        kind, options = FORMATS[suffix]
        for value, shows in TURNED.items():
            content = encoded(quarters(), kind, exif=orientation(value), **options)
            size = SIZE if value < 5 else SIZE[::-1]
            yield Odd(f"orientation-{value}.{suffix}", content, size, shows)
    for name, block in {
        "zero": orientation(0),
        "nine": orientation(9),
        "negative": orientation(65535),
        "text": exif((0x0112, 2, 4, b"up!\0")),
        "fraction": exif((0x0112, 5, 1, struct.pack(">I", 8))),
        "far-away": exif((0x0112, 3, 100, struct.pack(">I", 2**32 - 1))),
        "endless": exif((0x010E, 2, 2**32 - 1, struct.pack(">I", 8))),
        "in-itself": exif((0x8769, 4, 1, struct.pack(">I", 8)), following=8),
        "place-in-itself": exif((0x8825, 4, 1, struct.pack(">I", 8))),
        "cut-short": orientation(6)[:-9],
        "no-tiff": b"Exif\0\0" + b"no tiff at all",
        "no-entries": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        "bare": b"Exif\0\0",
        "full": b"Exif\0\0" + b"\xaa" * 60_000,
    }.items():
        for suffix in ("jpg", "png", "webp"):
            kind, options = FORMATS[suffix]
            content = encoded(quarters(), kind, exif=block, **options)
            yield Odd(f"exif-{name}.{suffix}", content, corners=QUARTERS)


def frames() -> Iterator[Odd]:
    """Files of several pictures: the first is painted."""
    others = [Image.new("RGB", SIZE), Image.new("RGB", SIZE, "red")]
    for suffix in ("gif", "webp", "png", "tif"):
        kind, options = FORMATS[suffix]
        content = encoded(quarters(), kind, save_all=True, append_images=others, **options)
        yield Odd(f"frames.{suffix}", content, corners=QUARTERS)
    pages = [Image.new("1", (3, 5)), Image.new("CMYK", (7000, 1))]
    content = encoded(quarters(), "TIFF", save_all=True, append_images=pages)
    yield Odd("pages-of-other-sizes.tif", content, corners=QUARTERS)
    yield Odd("first-page-too-small.tif", encoded(pages[0], "TIFF", save_all=True,
                                                  append_images=[quarters()]), None)  # fmt: skip
    yield Odd("phone.jpg", encoded(quarters(), "MPO", save_all=True, append_images=others))
    small_frame = bytearray(sound("gif"))
    small_frame[6:10] = struct.pack("<HH", 64, 48)  # the canvas is larger than its one frame
    yield Odd("canvas-larger-than-frame.gif", bytes(small_frame), (64, 48))


def tiffs() -> Iterator[Odd]:
    """TIFF, which holds nearly anything."""
    for compression in (
        "raw",
        "tiff_lzw",
        "tiff_deflate",
        "packbits",
        "jpeg",
        "tiff_adobe_deflate",
    ):
        content = encoded(quarters(), "TIFF", compression=compression)
        yield Odd(f"{compression}.tif", content, corners=QUARTERS)
    yield Odd("bigtiff.tif", encoded(quarters(), "TIFF", big_tiff=True), corners=QUARTERS)
    numbers = np.linspace(-1, 2, SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE[::-1])
    for name, value in (("nan", np.nan), ("infinity", np.inf), ("minus-infinity", -np.inf),
                        ("huge", np.float32(3e38)), ("subnormal", np.float32(1e-44))):  # fmt: skip
        odd = numbers.copy()
        odd[::3] = value
        yield Odd(f"some-{name}.tif", encoded(Image.fromarray(odd), "TIFF"))
        only = np.full(SIZE[::-1], value, np.float32)
        yield Odd(f"only-{name}.tif", encoded(Image.fromarray(only), "TIFF"))
    for name, value in (("largest", 2**31 - 1), ("least", -(2**31))):
        deep = np.full(SIZE[::-1], value, np.int32)
        yield Odd(f"integers-{name}.tif", encoded(Image.fromarray(deep), "TIFF"))


def profiles() -> Iterator[Odd]:
    """Colour profiles of every wrong kind."""
    srgb, lab, xyz = (
        ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()
        for kind in ("sRGB", "LAB", "XYZ")
    )
    spoilt = bytearray(srgb)
    for place in random.Random(1).sample(range(len(spoilt)), 60):
        spoilt[place] ^= 255
    for name, profile in {
        "sound": srgb,
        "empty": b"",
        "text": b"no profile",
        "half": srgb[: len(srgb) // 2],
        "header": srgb[:128],
        "lab": lab,
        "xyz": xyz,
        "spoilt": bytes(spoilt),
        "of-ink": srgb[:16] + b"CMYK" + srgb[20:],
        "endless-table": srgb[:128] + b"\xff\xff\xff\xff" + srgb[132:],
        "padded": srgb + bytes(200_000),
    }.items():
        for suffix in ("jpg", "png", "webp", "tif"):
            kind, options = FORMATS[suffix]
            content = encoded(quarters(), kind, icc_profile=profile, **options)
            yield Odd(f"profile-{name}.{suffix}", content)
        content = encoded(quarters().convert("L"), "PNG", icc_profile=profile)
        yield Odd(f"profile-{name}-grey.png", content)
    content = encoded(quarters().convert("CMYK"), "TIFF", icc_profile=srgb)
    yield Odd("profile-of-light-on-inks.tif", content)


def truncations() -> Iterator[Odd]:
    """Every format cut off at many places; what lacks only a tail may be painted, if rightly."""
    for suffix in FORMATS:
        content = sound(suffix)
        for part in range(TRUNCATIONS):
            kept = content[: len(content) * part // TRUNCATIONS]
            yield Odd(f"cut-{part:02}.{suffix}", kept, corners=QUARTERS, doubtful=True)


def flips() -> Iterator[Odd]:
    """Every format with a few wrong bytes, which may make its size another."""
    lot = random.Random(7)
    for suffix in FORMATS:
        for number in range(FLIPS):
            content = bytearray(sound(suffix))
            for place in lot.sample(range(len(content)), 4):
                content[place] = lot.randrange(256)
            yield Odd(f"flipped-{number:02}.{suffix}", bytes(content), None, doubtful=True)


def lies() -> Iterator[Odd]:
    """Names that say another format, and files that are no pictures."""
    for suffix, other in zip(FORMATS, [*list(FORMATS)[1:], "jpg"], strict=True):
        yield Odd(f"a-{suffix}.{other}", sound(suffix), corners=QUARTERS)
    yield Odd("no-suffix", sound("png"), corners=QUARTERS)
    yield Odd("Ünïcödé 画.JPG", sound("jpg"), corners=QUARTERS)
    for name, content in {
        "nothing.jpg": b"",
        "zeros.png": bytes(5000),
        "text.jpg": b"This is no picture.\n" * 50,
        "page.png": b"<!DOCTYPE html><title>404</title>",
        "drawing.jpg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        "paper.jpg": b"%PDF-1.7\n",
        "project.png": b"8BPS\0\1" + bytes(100),
        "archive.webp": b"PK\3\4" + bytes(100),
        "sound.webp": b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
        "film.avif": b"\0\0\0\x18ftypmp42" + bytes(100),
        "raw.dng": sound("tif"),
        "program.gif": b"\x7fELF" + bytes(200),
    }.items():
        yield Odd(name, content, None)
    noise = random.Random(3).randbytes(2000)
    for name, signature in {
        "jpg": b"\xff\xd8\xff",
        "png": b"\x89PNG\r\n\x1a\n",
        "gif": b"GIF89a",
        "bmp": b"BM",
        "tif": b"II*\0",
        "big.tif": b"MM\0+",
        "webp": b"RIFF\xd0\x07\0\0WEBP",
        "avif": b"\0\0\0\x20ftypavif",
    }.items():
        yield Odd(f"only-a-signature.{name}", signature, None)
        yield Odd(f"signature-and-noise.{name}", signature + noise, None)


def sizes() -> Iterator[Odd]:
    """As small and as narrow as can be."""
    for width, height in ((1, 1), (1, 5000), (5000, 1), (15, 16), (16, 15)):
        content = encoded(Image.new("RGB", (width, height)), "PNG")
        yield Odd(f"{width}-by-{height}.png", content, None)
    for width, height in ((16, 16), (17, 19), (16, 1000), (1000, 16)):
        content = encoded(quarters().resize((width, height)), "PNG")
        yield Odd(f"{width}-by-{height}.png", content, (width, height))
    for name, value in (("black", 0), ("white", 255)):
        yield Odd(f"{name}.png", encoded(Image.new("L", SIZE, value), "PNG"))


def bombs() -> Iterator[Odd]:
    """Small files that claim, or unpack to, far more than a memory holds."""
    yield Odd("claims-3600-megapixels.png", _hollow_png((60_000, 60_000)), None)
    yield Odd("claims-149-megapixels.png", _hollow_png((12_200, 12_200)), None)
    yield Odd("claims-a-chunk-of-2-gb.png", png_header(SIZE, 8, 2) + b"\x7f\xff\xff\xffIDAT", None)
    packed = zlib.compress(bytes(200_000_000), 9)
    whole = sound("png")
    for kind, start in ((b"zTXt", b"Title\0\0"), (b"iCCP", b"ICC\0\0")):
        content = whole[:33] + chunk(kind, start + packed) + whole[33:]
        yield Odd(f"unpacks-to-200-mb-{kind.decode()}.png", content, doubtful=True)
    more_rows = png_header(SIZE, 8, 2) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    yield Odd("more-rows-than-declared.png", more_rows, doubtful=True)
    for side in (60_000, 12_200):
        header = struct.pack("<2sIHHIIiiHH", b"BM", 0, 0, 0, 54, 40, side, side, 1, 24)
        yield Odd(f"claims-{side}-a-side.bmp", header + bytes(24), None)
    for suffix, mark, skipped, order in (("gif", b"GIF8", 6, "<"), ("jpg", b"\xff\xc0", 5, ">")):
        content = sound(suffix)
        place = content.index(mark) + skipped
        claim = content[:place] + struct.pack(f"{order}HH", 65_000, 65_000) + content[place + 4 :]
        yield Odd(f"claims-65000-a-side.{suffix}", claim, None)
    content = sound("tif")
    for tag, kind, count, value in ((256, 4, 1, 2**31), (257, 4, 1, 2**31), (279, 4, 1, 2**32 - 1),
                                    (258, 3, 2**30, 8), (273, 4, 2**29, 8)):  # fmt: skip
        entry = tiff_entry(content, tag)
        field = struct.pack("<HHII", tag, kind, count, value)
        claim = content[:entry] + field + content[entry + 12 :]
        yield Odd(f"claims-{count}-times-{value}-in-tag-{tag}.tif", claim, None, doubtful=True)
    webp = encoded(quarters().convert("RGBA"), "WEBP", exif=orientation(1))
    canvas = webp.index(b"VP8X") + 12
    claim = webp[:canvas] + b"\xff\x3f\0\xff\x3f\0" + webp[canvas + 6 :]
    yield Odd("claims-16384-a-side.webp", claim, None)
    flickers = [Image.new("L", SIZE, value % 256) for value in range(1000)]
    for suffix in ("gif", "tif"):
        kind, options = FORMATS[suffix]
        content = encoded(quarters(), kind, save_all=True, append_images=flickers, **options)
        yield Odd(f"many.{suffix}", content)


def _hollow_png(size: tuple[int, int]) -> bytes:
    return png_header(size, 8, 6) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


FAMILIES = (
    modes,
    png_kinds,
    presses,
    orientations,
    frames,
    tiffs,
    profiles,
    truncations,
    flips,
    lies,
    sizes,
)
"""All but the bombs, which need a process of their own."""
