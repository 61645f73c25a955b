"""JSON files that a user names."""

import json
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.system.paths import display_path, os_error_message


def read_json(path: Path) -> Any:
    """Read a JSON file that a user names.

    Raises:
        InputError: it cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise InputError(f"{display_path(path)}: {os_error_message(problem)}") from None
    except (ValueError, RecursionError) as problem:  # a RecursionError if it is nested too deeply
        raise InputError(f"{display_path(path)}: not a JSON file ({problem})") from None
