"""Jobs that are optimized, and their files; more in `tests/cli/test_optimize.py`."""

import pickle
from pathlib import Path

import pytest
from PIL import Image

from impasto.batch.job import Saving
from impasto.batch.optimize_job import OptimizeJob, OptimizeLook, check_exist, paint
from impasto.batch.plan import STREAM
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
    with pytest.raises(SettingError, match="preview-every needs a file for the painting"):
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


class Shown:
    """What a display was told."""

    def __init__(self):
        self.steps, self.warnings = [], []

    def step(self, step):
        self.steps.append(step.done)

    def warn(self, line):
        self.warnings.append(line)


@pytest.fixture
def short(wave, compact_weights):
    """A look that takes a few steps."""
    settings = OptimizeSettings(encoder="compact", size=64, steps=3, init="content")
    return OptimizeLook(((wave, 1.0),), (), [], compact_weights, "cpu", settings)


def test_a_job_pickles_and_paints(photo, short, tmp_path):
    job = pickle.loads(
        pickle.dumps(OptimizeJob(photo, tmp_path / "new" / "out.png", short, in_folder=True))
    )
    shown = Shown()
    outcome = paint(job, shown)
    assert shown.steps[-1] == 1
    assert outcome.stopped == ""
    with Image.open(job.output) as painting:
        assert painting.size == outcome.size
    with pytest.raises(ExistsError):
        paint(job, shown)


def test_a_job_can_be_stopped_after_any_step(photo, short, tmp_path):
    shown = Shown()
    outcome = paint(OptimizeJob(photo, tmp_path / "out.png", short), shown, is_stopped=lambda: True)
    assert len(shown.steps) == 1
    assert outcome.stopped == f"stopped after {shown.steps[0]:.0%} of the work"
    assert (tmp_path / "out.png").exists()


def test_a_failure_on_the_way_leaves_the_picture_so_far(photo, short, tmp_path):
    runs, output = tmp_path / "runs", tmp_path / "out.png"
    runs.mkdir()

    class Vandal(Shown):
        """Removes the folder of the checkpoint."""

        def step(self, step):
            super().step(step)
            if runs.exists():
                runs.rmdir()

    shown = Vandal()
    with pytest.raises(OutputError, match="checkpoint: nothing can be written there"):
        paint(OptimizeJob(photo, output, short, checkpoint=runs / "checkpoint"), shown)
    assert shown.warnings == [f"{output}: the picture so far"]
    with Image.open(output) as painting:
        assert painting.size == (64, 48)


def test_a_job_replaces_none_of_its_inputs(photo, short):
    with pytest.raises(OutputError, match="this is an input"):
        paint(OptimizeJob(photo, photo, short, Saving(overwrite=True)), Shown())
