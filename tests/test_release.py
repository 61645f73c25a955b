"""What is released: the source archive, the wheel built from it, and that it runs by itself."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import impasto

ROOT = Path(__file__).parent.parent
NETWORKS = {
    "compact.safetensors",
    "style_encoder.onnx",
    "painter.onnx",
    "content_statistics.onnx",
    "vgg16.safetensors",
}

LARGEST = 24_000_000
"""Bytes of the wheel, at most: it is to be fetched quickly. VGG-16 in 8 bits is 8.4 MB of it, the
compact encoder 4.6 MB, the painter and the predictor 7 MB, and the pictures of the styles 3 MB."""


def build(kind, source, out):
    """The archive that hatchling makes of a folder."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(words, cwd=source, check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """Built from the source archive, in which therefore nothing can be missing."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def program(wheel, tmp_path_factory):
    """The wheel's `impasto` in an environment that has its dependencies, but not the repository."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=os.name != "nt")
    paths = {"base": str(place), "platbase": str(place)}
    scheme = {name: Path(sysconfig.get_path(name, vars=paths)) for name in ("purelib", "scripts")}
    python = scheme["scripts"] / Path(sys.executable).name
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, *install, wheel], check=True)
    # A path file among those of a path file is not followed, such as that of an editable install.
    dependencies = sysconfig.get_path("purelib")
    (scheme["purelib"] / "dependencies.pth").write_text(f"{dependencies}\n")
    return scheme["scripts"] / f"impasto{sysconfig.get_config_var('EXE') or ''}"


def test_the_source_archive_has_all_that_its_tests_need(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for part in ("src/impasto/py.typed", "tests/test_release.py", "samples/photos/chelsea.jpg"):
        assert part in names
    in_repository = {
        path.name for path in ROOT.iterdir() if path.suffix in (".md", ".toml", ".cff")
    }
    assert in_repository | {"LICENSE", "Makefile"} <= names
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")} <= names


def test_the_wheel_has_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    in_repository = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    metadata = f"impasto-{impasto.__version__}.dist-info/"
    assert {name for name in names if not name.startswith(metadata)} == in_repository
    assert {f"impasto/assets/{name}" for name in (*NETWORKS, "styles.npz")} <= in_repository
    assert wheel.stat().st_size < LARGEST


def test_the_wheel_runs_without_the_repository(program, tmp_path):
    shutil.copy(ROOT / "samples/photos/chelsea.jpg", tmp_path / "cat.jpg")

    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*words):
        done = subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()

    where = run(program.with_name(Path(sys.executable).name), "-c", "print(__import__('impasto'))")
    assert str(program.parent.parent) in where
    assert run(program, "--version") == f"impasto {impasto.__version__}"
    run(program, "stylize", "cat.jpg", "--style", "great-wave", "--size", "128")
    with Image.open(tmp_path / "cat-great-wave.jpg") as painting:
        assert max(painting.size) == 128
