import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import impasto

ROOT = Path(__file__).parents[1]


def run(code):
    """The output of a fresh interpreter."""
    words = [sys.executable, "-c", code]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_dir_tells_the_public_names():
    """Which those are, and that they are there, `test_public_api` sees to."""
    assert dir(impasto) == impasto.__all__


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'stylise'"):
        impasto.stylise  # noqa: B018


def test_every_submodule_is_imported_by_its_dotted_name():
    """No submodule bears the name of a public function, which would hide it."""
    names = [
        module.name
        for module in pkgutil.walk_packages(impasto.__path__, "impasto.")
        if module.name != "impasto.__main__"
    ]
    assert "impasto.optimization.solver" in names
    code = "\n".join(
        f"import {name} as module; assert module.__name__ == {name!r}" for name in names
    )
    verbs = "import impasto; print(all(map(callable, (impasto.optimize, impasto.stylize))))"
    assert run(f"{code}\n{verbs}") == "True\n"


def test_every_room_has_its_floor_and_is_in_the_plan_of_the_house():
    rooms = {module.name for module in pkgutil.iter_modules(impasto.__path__)} - {"__main__"}
    plan = (ROOT / "docs/architecture.md").read_text("utf-8")
    floors = (ROOT / "pyproject.toml").read_text("utf-8").partition("layers = [")[2]
    placed = set(re.findall(r"\w+", floors.partition("]")[0]))
    assert placed == rooms
    assert {
        room for room in rooms if f"`{room}/`" not in plan and f"`{room}.py`" not in plan
    } == set()


def test_import_is_quick():
    """Measured within the interpreter, the best of three: other work must not disturb it."""
    code = (
        "import sys, time; t = time.perf_counter(); import impasto; "
        "assert not {'numpy', 'PIL', 'torch', 'onnxruntime', 'typer'} & set(sys.modules); "
        "print(time.perf_counter() - t)"
    )
    assert min(float(run(code)) for _ in range(3)) < 0.15
