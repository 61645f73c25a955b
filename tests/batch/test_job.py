import multiprocessing
import pickle

import pytest
from PIL import Image

from impasto.batch.job import Job, Look, Saving, paint, painter_for
from impasto.errors import InputError, OutputError
from impasto.settings import StylizeSettings

LOOK = Look((("great-wave", 1.0),), settings=StylizeSettings(size=32, device="cpu"))


def test_a_job_is_plain_data_that_paints(photo, tmp_path):
    saving = Saving(quality=50, strip_metadata=True)
    job = Job(photo, tmp_path / "new" / "x.jpg", LOOK, saving, in_folder=True)
    copy = pickle.loads(pickle.dumps(job))
    assert copy == job
    outcome = paint(copy)
    assert (outcome.size, outcome.notices) == ((32, 24), ())
    with Image.open(job.output) as painted:
        assert painted.size == (32, 24)


def test_another_process_runs_it(photo, tmp_path):
    job = Job(photo, tmp_path / "x.png", LOOK)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(paint, [job]).size == (32, 24)
    assert job.output.exists()


def test_jobs_that_share_a_look_share_a_painter():
    other = Look((("great-wave", 1.0),), settings=StylizeSettings(size=32, device="cpu"))
    assert painter_for(LOOK) is painter_for(other)


def test_inputs_are_never_replaced(photo, wave, tmp_path):
    look = Look(((str(wave), 1.0),), settings=LOOK.settings)
    for target in (photo, wave):
        with pytest.raises(OutputError, match="is an input"):
            paint(Job(photo, target, look, Saving(overwrite=True)))
    with pytest.raises(InputError, match="no such file"):
        paint(Job(tmp_path / "none.jpg", tmp_path / "x.jpg", look))
