"""EXIF: which way is up, and what of it may travel on to the painting."""

from PIL import ExifTags, Image

_ORIENTATION = ExifTags.Base.Orientation

# EXIF 2.32, tag 0x0112: what turns the stored pixels upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Tags of the main block that say something about the picture. The rest describe the file it was
# stored in (in a TIFF: strips, compression, bit depth) and would contradict the file we write.
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

# Tags of the camera's block that are false in another file: the size of the photo, and blocks
# with offsets into the original file.
_DROPPED = (
    ExifTags.Base.ExifImageWidth,
    ExifTags.Base.ExifImageHeight,
    ExifTags.Base.ExifInteroperabilityOffset,
    ExifTags.Base.MakerNote,
)

_SRGB = 1  # EXIF 2.32, tag 0xA001, ColorSpace

# A JPEG holds EXIF in one segment, whose length is a 16-bit number that counts itself.
_LARGEST_EXIF = 65533


def upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF orientation asks; a broken EXIF block turns nothing.

    The image must be loaded: in a PNG, EXIF may follow the pixels, and a TIFF is turned by
    Pillow itself on loading.
    """
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # Pillow's EXIF parser raises nearly anything on broken bytes
        return image
    return image if turn is None else image.transpose(turn)


def kept_exif(image: Image.Image) -> tuple[bytes | None, tuple[str, ...]]:
    """The EXIF block for the painting, and notices on what was lost.

    Kept are author, date, camera, exposure and place. Left out are orientation (the pixels are
    upright), the thumbnail (it shows the photo, not the painting), maker notes, and all that
    describes the original file. The colour space becomes sRGB.

    Returns:
        A block that starts with `Exif\\0\\0`, or None where there is nothing to keep.
    """
    try:
        kept = _kept(image.getexif())
        block = kept.tobytes() if len(kept) else None
    except Exception:  # as above
        return None, ("has a broken EXIF block, which is not kept",)
    if block is not None and len(block) > _LARGEST_EXIF:
        return None, ("has more EXIF data than a JPEG can hold, which is not kept",)
    return block, ()


def _kept(exif: Image.Exif) -> Image.Exif:
    kept = Image.Exif()
    for tag in _KEPT:
        if tag in exif:
            kept[tag] = exif[tag]
    camera = {k: v for k, v in exif.get_ifd(ExifTags.IFD.Exif).items() if k not in _DROPPED}
    if camera:
        kept[ExifTags.IFD.Exif] = {**camera, ExifTags.Base.ColorSpace: _SRGB}
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if place:
        kept[ExifTags.IFD.GPSInfo] = dict(place)
    return kept
