"""The program's own examination, on this machine."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from impasto import Painting
from impasto.cli import doctor
from impasto.errors import AbsentDeviceError
from impasto.feedforward import model
from impasto.image.metadata import Metadata
from impasto.models import assets

FOLDER = assets.FOLDER


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "own"))
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "weights"))
    return tmp_path


def test_a_sound_machine(impasto, home):
    result = impasto("doctor")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("all is well\n")
    for part in (
        "  your own styles: 0 in ~/own\n",
        "  vgg19: not fetched, ~/weights/vgg19-dcbb9e9d.pth\n",
        "  stylize on cpu: 256 x 256 pixels in ",
        "  optimize on cpu: 64 x 64 pixels in ",
        "  memory of cpu: ",
    ):
        assert part in result.stdout
    assert str(home) not in result.output


@pytest.fixture
def incomplete(monkeypatch, tmp_path):
    """Ships all networks but those named."""

    def ship_without(*names):
        monkeypatch.setattr(assets, "FOLDER", tmp_path)
        for path in FOLDER.glob("*.onnx"):
            if path.name not in names:
                shutil.copy(path, tmp_path)
        model.shipped.cache_clear()

    yield ship_without
    model.shipped.cache_clear()


def test_a_part_that_is_missing(impasto, incomplete):
    incomplete(*assets.PAINTERS)
    result = impasto("doctor")
    assert result.exit_code == 1
    assert "  stylize on cpu: ~: the networks are missing; install impasto again" in result.stdout
    assert "  optimize on cpu: 64 x 64 pixels in " in result.stdout  # goes on after a failure
    assert "all is well" not in result.stdout
    assert result.stderr == "impasto: error: the self-test failed; see the lines above\n"


def test_a_part_that_only_large_photos_need(impasto, incomplete):
    incomplete("content_statistics.onnx")
    result = impasto("doctor")
    assert result.exit_code == 1
    assert "content_statistics.onnx: this network is missing" in result.stdout


def test_the_light_install():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'safetensors', 'pooch')))\n"
        "sys.argv = ['impasto', 'doctor']\n"
        "from impasto.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '  optimize: needs more packages: pip install "impasto[torch]"\n' in done.stdout
    assert done.stdout.endswith("all is well\n")


def test_a_user_without_a_home_folder(impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_STYLES", "~nobody-is-called-so/styles")
    assert "  your own styles: there is no home folder" in impasto("doctor").stdout


def test_what_impasto_needs_is_read_from_its_metadata():
    found = doctor.requirements()
    assert {found["numpy"], found["onnxruntime"]} == {""}
    assert (found["torch"], found["onnx"], found["onnxscript"]) == ("torch", "torch", "export")
    assert "pytest" not in found


def paints(value):
    """A painter that fills everything with one value."""
    return lambda: Painting(np.full((4, 4, 3), value, np.float32), None, Metadata(), (), ())


def fail(problem):
    raise problem


@pytest.mark.parametrize(
    ("paint", "outcome", "failed"),
    [
        (paints(0.5), "painted nothing", True),
        (paints(np.nan), "painted nothing", True),
        (
            lambda: fail(ImportError("libcudart is missing\nin detail")),
            "ImportError: libcudart",
            True,
        ),
        (lambda: fail(AbsentDeviceError("cuda: none here")), "absent (none here)", False),
    ],
)
def test_a_result_of_the_self_test(paint, outcome, failed):
    result = doctor.self_test("engine", paint)
    assert (result.outcome.startswith(outcome), result.failed) == (True, failed)
    assert "\n" not in result.outcome


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{home}/styles", "~/styles"),
        ("{home}: no such file", "~: no such file"),
        ("{home}2/styles", "{home}2/styles"),
    ],
)
def test_the_home_folder_is_not_told(home, line, told):
    assert doctor.without_home(line.format(home=home)) == told.format(home=home)


def test_a_home_folder_that_is_the_root(monkeypatch):
    monkeypatch.setenv("HOME", "/")
    assert doctor.without_home("/usr/lib") == "/usr/lib"
