"""The files that ship with impasto: networks, styles, and the cards that describe them."""

from pathlib import Path

from impasto.errors import WeightsError

FOLDER = Path(__file__).parents[1] / "assets"

PAINTERS = ("painter.onnx",)
"""Files of networks that paint in one pass, in order of preference."""


def painters() -> tuple[Path, ...]:
    """List the files of the networks that paint, in order of preference.

    Raises:
        WeightsError: there are none.
    """
    files = tuple(path for name in PAINTERS if (path := FOLDER / name).is_file())
    if not files:
        raise WeightsError(f"{FOLDER}: the networks are missing; install impasto again")
    return files
