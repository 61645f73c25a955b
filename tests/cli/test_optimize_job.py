"""The files of a photo that `impasto optimize` paints, and Ctrl-C; more in `test_optimize.py`."""

import os
import signal
from pathlib import Path

import pytest

from impasto.batch.job import Saving
from impasto.batch.plan import STREAM
from impasto.cli.optimize_job import CtrlC, OptimizeJob, OptimizeLook, check_exist
from impasto.errors import ExistsError, InputError, OutputError, SettingError
from impasto.settings import OptimizeSettings
from impasto.system.files import Files


def look(wave, **words):
    settings = OptimizeSettings(**words)
    styles, regions = ((wave, 1.0),), (("alpha", wave, 1.0), ("mask.png", wave, 0.5))
    return OptimizeLook(styles, regions, [Path("half.png")], Path("vgg.pth"), "cpu", settings)


@pytest.fixture
def job(photo, wave, tmp_path):
    """A job with these fields changed."""

    def make(**changes):
        fields = {
            "input": photo,
            "output": tmp_path / "out.png",
            "in_folder": False,
            "look": look(wave),
            "saving": Saving(),
            "preview_every": None,
            "plot": None,
            "trace": None,
            "checkpoint": None,
            "resume": None,
        }
        return OptimizeJob(**fields | changes)

    return make


def test_every_file_that_is_read_is_known(wave):
    named = [wave, wave, wave, Path("half.png"), Path("mask.png")]
    assert look(wave).files() == [*named, Path("vgg.pth")]
    assert look(wave, init="first.png").files() == [*named, Path("first.png"), Path("vgg.pth")]


def test_a_preview_lies_beside_the_painting(job, tmp_path):
    assert job().preview is None
    assert job(preview_every=3).preview == tmp_path / "out-preview.png"


def test_outputs_are_checked_before_the_work(job, photo, tmp_path):
    inputs = Files([photo])
    job(in_folder=True, output=tmp_path / "new" / "out.png").check(inputs)
    job(trace=tmp_path / "trace.json", checkpoint=tmp_path / "c").check(inputs)
    assert not list(tmp_path.glob("*.json"))
    with pytest.raises(OutputError, match="two outputs have the same name"):
        job(trace=tmp_path / "x", checkpoint=tmp_path / "x").check(inputs)
    with pytest.raises(OutputError, match="this is an input"):
        job(output=photo, saving=Saving(overwrite=True)).check(inputs)
    with pytest.raises(SettingError, match="--preview-every needs a painting in a file"):
        job(output=STREAM, preview_every=3).check(inputs)
    with pytest.raises(InputError, match="no such file"):
        job(input=tmp_path / "none.jpg").check(inputs)


def test_a_checkpoint_is_replaced_only_by_the_run_that_goes_on_from_it(job, photo, tmp_path):
    path = tmp_path / "c"
    path.touch()
    inputs = Files([photo, path])
    job(checkpoint=path, resume=path).check(inputs)
    with pytest.raises(OutputError, match="this is an input"):
        job(checkpoint=path, saving=Saving(overwrite=True)).check(inputs)
    with pytest.raises(ExistsError):
        job(checkpoint=path).check(Files([photo]))


def test_missing_files_are_named(photo, tmp_path):
    check_exist([photo])
    with pytest.raises(InputError, match=r"none\.jpg: no such file; check the spelling"):
        check_exist([photo, tmp_path / "none.jpg"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_the_first_ctrl_c_is_noted_and_the_second_ends(capsys):
    before = signal.getsignal(signal.SIGINT)
    with CtrlC() as ctrl_c:
        assert not ctrl_c.pressed
        signal.raise_signal(signal.SIGINT)
        assert ctrl_c.pressed
    assert capsys.readouterr().err == ""
    with pytest.raises(KeyboardInterrupt), CtrlC():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert capsys.readouterr().err == "impasto: stopped at once; unsaved work is lost\n"
    assert signal.getsignal(signal.SIGINT) is before
