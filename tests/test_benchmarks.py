"""The benchmarks, run in earnest at tiny sizes: figures of no use, but all of them."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "benchmarks/README.md").read_text("utf-8")

ROWS = [
    "impasto stylize, file to file",
    "AdaIN on VGG-19, file to file",
    "impasto stylize, a warm pass",
    "AdaIN on VGG-19, a warm pass",
    "impasto, a style encoded",
    "AdaIN on VGG-19, a style encoded",
    "impasto optimize, an iteration, compact",
    "impasto optimize, an iteration, vgg16",
    "impasto optimize, an iteration, vgg19",
    "Gatys on VGG-19, an iteration",
]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def rows(text: str) -> list[dict[str, str]]:
    """The rows of the one table in a text, each by the table's heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert set("".join(cells[1])) == {"-"}
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def assert_sound(row: dict[str, str]) -> None:
    """Every figure that there is, is a positive number, and time and memory are there."""
    figures = {head: cell for head, cell in row.items() if head}
    assert figures["s"]
    assert figures["MB"]
    for head, cell in figures.items():
        assert not cell or 0 < float(cell) < math.inf, head


def outside(text: str) -> list[str]:
    return re.split("<!-- make bench: begin -->.*<!-- make bench: end -->", text, flags=re.DOTALL)


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks are for Linux")
def test_all_is_measured_and_the_readme_is_rewritten_between_its_marks_only(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(README.replace("begin -->", "begin -->\nfigures of old\n"), "utf-8")
    result = run("benchmarks", "--quick", "--readme", readme)
    assert result.returncode == 0, result.stderr
    found = rows(result.stdout)
    assert list(dict.fromkeys(row[""] for row in found)) == ROWS
    for row in found:
        assert_sound(row)
        if row["cores"] != "1" or "2" not in {other["cores"] for other in found}:
            assert row["s / reference"]
            assert row["MB / reference"]
    text = readme.read_text("utf-8")
    assert result.stdout.strip() in text
    assert "figures of old" not in text
    assert outside(text) == outside(README)
    assert len(outside(text)) == 2


def test_a_readme_without_the_marks_is_told_before_anything_is_measured(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("# Figures\n", "utf-8")
    result = run("benchmarks", "--readme", readme)
    assert result.returncode == 2
    assert "make bench: begin" in result.stderr.splitlines()[-1]
    assert readme.read_text("utf-8") == "# Figures\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks are for Linux")
def test_against_another_tool():
    other = (
        f'{sys.executable} -c \'assert open("{{photo}}", "rb"); assert open("{{style}}", "rb")\''
    )
    result = run("benchmarks.against", "--size", 64, other)
    assert result.returncode == 0, result.stderr
    ours, others = rows(result.stdout)
    assert_sound(ours)
    assert_sound(others)
    assert float(ours["s / reference"]) > 1


def test_the_settings_that_iteration_compares_are_settings(monkeypatch):
    from impasto.settings import OptimizeSettings

    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.iteration import VARIANTS

    assert len({OptimizeSettings(**words) for words in VARIANTS.values()}) == len(VARIANTS)
