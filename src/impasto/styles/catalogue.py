"""The catalogue of works in the shipped library, a table of tab-separated values."""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from impasto.errors import InputError
from impasto.styles.names import is_name
from impasto.system.paths import display_path, os_error_message


@dataclass(frozen=True)
class Entry:
    """A work.

    Attributes:
        name: of the style.
        file: its picture, relative to the folder of the pictures.
        title, artist, year: as far as known.
        source: of the picture, and why the work is in the public domain.
        content: multiplies the weight of the content loss in training; empty is 1.
    """

    name: str
    file: str
    title: str
    artist: str
    year: str
    source: str
    content: str = ""


COLUMNS = [field.name for field in fields(Entry)]


def read(path: Path) -> list[Entry]:
    """Read the works of a catalogue; its first line names the columns.

    Raises:
        InputError: the file is missing, or a line is malformed.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{display_path(path)}: not UTF-8 text") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{display_path(path)}: {os_error_message(problem)}") from problem
    table = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not table or table[0] != COLUMNS:
        raise InputError(f"{display_path(path)}: the first line must be: {' '.join(COLUMNS)}")
    entries: dict[str, Entry] = {}
    for number, cells in enumerate(table[1:], start=2):
        if len(cells) != len(COLUMNS):
            raise InputError(
                f"{display_path(path)}: line {number} has {len(cells)} columns instead of "
                f"{len(COLUMNS)}"
            )
        entry = Entry(*cells)
        if not is_name(entry.name) or entry.name in entries:
            raise InputError(
                f"{display_path(path)}: line {number}: {entry.name!r} is not a new name"
            )
        entries[entry.name] = entry
    if not entries:
        raise InputError(f"{display_path(path)}: lists no works")
    return list(entries.values())
