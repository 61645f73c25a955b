"""Read submitted forms within bounds, and interpret them."""

from dataclasses import dataclass
from pathlib import Path

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from impasto.batch.job import Saving
from impasto.errors import InputError, SettingError
from impasto.image.output import format_of
from impasto.image.suffixes import OUTPUT_FORMATS
from impasto.schema import style_weights
from impasto.settings import output_quality
from impasto.web.fields import Schema, check_names, value_of
from impasto.web.uploads import Upload
from impasto.web.work import StyleChoice

MOST_FILES, MOST_FIELDS, LONGEST_FIELD = 20, 100, 10_000
"""Bounds of a form: numbers of files and fields, and bytes of a field."""

_FORM = "multipart/form-data"

_BINARY = {"type": "string", "format": "binary"}

FIELDS: dict[str, Schema] = {
    "photo": {**_BINARY, "description": "The photo."},
    "style": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Names of styles, as /api/styles lists them; several are mixed.",
    },
    "style_file": {
        "type": "array",
        "items": _BINARY,
        "description": "Pictures to take the style from, or style files (.npz).",
    },
    "weight": {
        "type": "array",
        "items": {"type": "number", "minimum": 0},
        "description": "A weight for each style, those by name first [default: equal].",
    },
    "format": {
        "enum": [suffix.removeprefix(".") for suffix in OUTPUT_FORMATS],
        "description": "Format of the painting [default: the photo's].",
    },
    "output_quality": {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "description": "How sharp a JPEG, WebP or AVIF is, and how large [default: 95, of AVIF "
        "85].",
    },
    "strip_metadata": {
        "type": "boolean",
        "default": False,
        "description": "Leave out the photo's EXIF, XMP and IPTC data, and so its place.",
    },
}
"""The fields besides the settings, as JSON schemas."""

INIT_FIELD: dict[str, Schema] = {
    "init_file": {**_BINARY, "description": "The picture to start from, instead of init."}
}
"""A further field for optimization."""


@dataclass(frozen=True)
class Form:
    """A submitted form: texts and files, by the names of their fields."""

    texts: dict[str, list[str]]
    uploads: dict[str, list[Upload]]

    def close(self) -> None:
        """Close the files."""
        for upload in (upload for uploads in self.uploads.values() for upload in uploads):
            upload.close()

    def text(self, name: str) -> str | None:
        """Return the text of a field that may be given once, or None if it is absent or empty."""
        given = [text.strip() for text in self.texts.get(name, ()) if text.strip()]
        return None if not given else str(value_of(name, str, given))

    def upload(self, name: str) -> Upload | None:
        """Return the file of a field that may be given once, or None if it is absent.

        Raises:
            InputError: there are several files.
        """
        given = self.uploads.get(name, [])
        if len(given) > 1:
            raise InputError(f"{name} is given {len(given)} times; give it once")
        return given[0] if given else None

    @property
    def photo(self) -> Upload:
        """The photo.

        Raises:
            InputError: there is no photo, or there are several.
        """
        if (photo := self.upload("photo")) is None:
            raise InputError("there is no photo; send it as the file photo")
        return photo

    def styles(self) -> list[StyleChoice]:
        """List the styles with their weights, first those given by name."""
        words = [word.strip() for word in self.texts.get("style", ()) if word.strip()]
        sources = [*words, *self.uploads.get("style_file", ())]
        weights = [text for text in self.texts.get("weight", ()) if text.strip()]
        if weights and len(weights) != len(sources):
            raise SettingError(
                f"there are {len(weights)} weights for {len(sources)} styles; give one for each"
            )
        if not weights:
            return [StyleChoice(source) for source in sources]
        checked = style_weights([value_of("weight", float, [text]) for text in weights])
        return [StyleChoice(s, weight) for s, weight in zip(sources, checked, strict=True)]

    def saving(self) -> Saving:
        """Read how to encode the painting."""
        word = self.text("format")
        suffix = None if word is None else f".{word.lower()}"
        if suffix is not None and suffix not in OUTPUT_FORMATS:
            known = ", ".join(FIELDS["format"]["enum"])
            raise SettingError(f"format is {word!r}; it can be: {known}")
        if suffix is not None:
            format_of(Path(f"painting{suffix}"))  # raises an error if this Pillow cannot write it
        quality = self.text("output_quality")
        number = None if quality is None else value_of("output_quality", int, [quality])
        strip = self.text("strip_metadata")
        return Saving(
            suffix=suffix,
            quality=output_quality(number),
            strip_metadata=strip is not None and value_of("strip_metadata", bool, [strip]),
        )


async def read_form(request: Request, known: list[str]) -> Form:
    """Read the form of a request.

    Args:
        request: its body is counted by `guard.Guard`.
        known: names of all fields.

    Raises:
        HTTPException: the body is not a form, or it is broken.
        SettingError: a field is unknown, or it has a file instead of a text, or vice versa.
    """
    if not request.headers.get("content-type", "").startswith(_FORM):
        raise HTTPException(415, f"send a form as {_FORM}")
    try:
        data = await request.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD
        )
    except (FormParserError, UnicodeDecodeError) as problem:
        raise HTTPException(400, "the form is broken or cut short") from problem
    form = Form({}, {})
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            upload = Upload(value.file, value.filename or "", name)
            form.uploads.setdefault(name, []).append(upload)
        else:
            form.texts.setdefault(name, []).append(value)
    try:
        check_names([*form.texts, *form.uploads], known)
        _check_kinds(form)
    except SettingError:
        form.close()
        raise
    return form


def _check_kinds(form: Form) -> None:
    """Check that files are sent as files, and texts as texts.

    Raises:
        SettingError: a field is of the wrong kind.
    """
    for name in form.texts:
        if name in ("photo", "style_file", "init_file"):
            raise SettingError(f"{name} is a text; send a file")
    for name in form.uploads:
        if name not in ("photo", "style_file", "init_file"):
            raise SettingError(f"{name} is a file; send a text")
