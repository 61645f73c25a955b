"""The files that ship with impasto: networks, styles, and the cards that describe them."""

from pathlib import Path

from impasto.errors import WeightsError

FOLDER = Path(__file__).parents[1] / "assets"

PAINTERS = ("painter.onnx",)
"""Networks that paint in one pass, the preferred one first. Those that ship are in `FOLDER`."""


def painters() -> tuple[Path, ...]:
    """List the files of the networks that paint, the preferred one first.

    Raises:
        WeightsError: there is none.
    """
    files = tuple(path for name in PAINTERS if (path := FOLDER / name).is_file())
    if not files:
        raise WeightsError(f"{FOLDER}: the networks are missing; install impasto again")
    return files
