import io
import sys
import threading

import numpy as np
import pytest

import impasto
from impasto.batch.job import Saving
from impasto.errors import InputError, MissingExtraError, SettingError
from impasto.settings import OptimizeSettings, StylizeSettings
from impasto.styles import library
from impasto.web import work
from impasto.web.jobs import CancelledError, Job
from impasto.web.limits import Limits
from impasto.web.uploads import Upload
from impasto.web.work import StyleChoice

from .running import encoded, opened

LIMITS = Limits()


@pytest.fixture
def job(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    return Job("x", "x", folder, None)


@pytest.fixture
def photo(photo_bytes):
    return Upload(io.BytesIO(photo_bytes), "harbour.jpg", "photo")


def test_a_painting_and_what_a_page_shows_of_it(job, photo):
    styles = [StyleChoice("great-wave")]
    todo = work.stylize(photo, styles, StylizeSettings(), Saving(), LIMITS, preview=True)
    result = todo(job)
    assert (result.name, result.size) == ("harbour-great-wave.jpg", (96, 64))
    assert result.path.parent == job.folder
    assert opened(job.photo).size == opened(job.preview).size == (96, 64)


def test_a_title_is_a_name(photo):
    work.stylize(photo, [StyleChoice("The Scream")], StylizeSettings(), Saving(), LIMITS)
    with pytest.raises(InputError, match="styles match"):
        work.stylize(photo, [StyleChoice("Hokusai")], StylizeSettings(), Saving(), LIMITS)


def test_what_the_format_has_no_place_for_is_told(job, photo):
    todo = work.stylize(
        photo, [StyleChoice("irises")], StylizeSettings(), Saving(suffix=".bmp"), LIMITS
    )
    assert any("cannot store EXIF" in notice for notice in todo(job).notices)


def test_a_style_that_was_learned(job, photo):
    style = impasto.load_style("irises")
    todo = work.stylize(photo, [StyleChoice(style)], StylizeSettings(), Saving(), LIMITS)
    assert todo(job).size == (96, 64)
    with pytest.raises(InputError, match="has no picture"):
        work.optimize(photo, [StyleChoice(style)], OptimizeSettings(), Saving(), LIMITS)


def test_an_optimization_is_cancelled_between_steps(job, photo):
    settings = OptimizeSettings(size=32, steps=1000, encoder="compact")
    todo = work.optimize(photo, [StyleChoice("irises")], settings, Saving(), LIMITS)
    timer = threading.Timer(0.2, job.give_up)
    timer.start()
    with pytest.raises(CancelledError):
        todo(job)
    timer.join()


def test_without_pytorch_there_is_a_hint(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install \"impasto\[torch\]\""):
        work.optimize(photo, [], OptimizeSettings(), Saving(), LIMITS)


def test_init_is_a_word(photo):
    for word in ("auto", "content", "noise", "style", "fast"):
        work.optimize(photo, [StyleChoice("irises")], OptimizeSettings(init=word), Saving(), LIMITS)
    with pytest.raises(SettingError, match="init can be: auto, content, noise, style, fast"):
        work.optimize(photo, [StyleChoice("irises")], OptimizeSettings(init="/x"), Saving(), LIMITS)


def test_a_sheet_shows_the_photo_in_every_style(job, photo, monkeypatch):
    few = {name: library.shipped()[name] for name in ("irises", "udnie", "the-scream")}
    monkeypatch.setattr(library, "shipped", lambda: few)
    result = work.sheet(photo, StylizeSettings(), LIMITS)(job)
    assert result.name == "harbour-styles.png"
    assert job.progress == 1
    assert result.size == opened(result.path.read_bytes()).size


def test_a_style_is_learned_and_painted_in(job, photo, style_bytes, monkeypatch):
    """The learning itself is tested in tests/api/test_style_training.py."""
    begun, better = impasto.load_style("irises"), impasto.load_style("udnie")

    def steps(picture, minutes):
        assert (picture.size, minutes) == ((64, 64), 3)
        for number, style in enumerate((begun, better)):
            yield impasto.StyleStep(number, number / 2, {}, style)

    monkeypatch.setattr("impasto.api.style_training.train_style_steps", steps)
    monkeypatch.setattr(work, "TUNING_SIDE", 64)
    monkeypatch.setattr(work, "TUNING_PREVIEW_SECONDS", 0)
    picture = Upload(io.BytesIO(style_bytes), "glass.png", "own")
    learned = []
    result = work.tune(picture, photo, 3, LIMITS, learned.append)(job)
    assert (result.name, result.size) == ("glass.npz", None)
    assert learned[0].title == "glass"
    assert np.array_equal(learned[0].vector, better.vector)
    assert np.array_equal(impasto.load_style(result.path).vector, better.vector)
    assert opened(job.preview).size == (64, 43)


def test_a_picture_that_is_transparent_is_no_style(job, photo):
    from PIL import Image

    nothing = encoded(Image.new("RGBA", (64, 64)), "PNG")
    picture = Upload(io.BytesIO(nothing), "nothing.png", "own")
    todo = work.tune(picture, photo, 0.01, LIMITS, lambda style: None)
    with pytest.raises(InputError, match="completely transparent"):
        todo(job)
