"""The HTML of the studio."""

import io

import pytest

from impasto.web import page
from impasto.web.jobs import Job, Result


@pytest.fixture
def job(tmp_path):
    return Job("x", "stylize", tmp_path, None)


@pytest.mark.parametrize(
    ("state", "progress", "seconds", "line"),
    [
        ("waiting", 0, None, "Waiting: 2 paintings before this one"),
        ("running", 0, None, "Painting"),
        ("running", 0.25, 75, "25%, 1:15 min left"),
        ("running", 0.25, 7, "25%, 7 s left"),
    ],
)
def test_how_it_goes(job, state, progress, seconds, line):
    job.state, job.progress, job.seconds_left = state, progress, seconds
    assert line in page.progress(job, 2)


def test_names_and_errors_are_no_html(job):
    job.state = "done"
    job.result = Result(job.folder / "x.png", "image/png", '"><b>.png', (1, 1), ("<i>",))
    assert "<b>" not in page.finished(job)
    assert "<i>" not in page.finished(job)
    assert "<script>" not in page.error("<script>")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("there is no photo", ">There is no photo.<"),
        ("photo.jpg: broken", ">photo.jpg: broken.<"),
    ],
)
def test_an_error_is_a_sentence(line, sentence):
    assert sentence in page.error(line)


def test_the_gallery_has_every_style_with_title_and_artist():
    gallery = page.gallery()
    assert gallery.count('class="card"') == 68
    assert "The Great Wave off" in gallery
    assert "Katsushika Hokusai" in gallery


def test_the_stage_compares_the_painting_with_its_photo(job, blotches):
    assert page.stage(job) == ""
    picture = io.BytesIO()
    blotches(1, 60, 40).save(picture, "JPEG")
    job.photo = picture.getvalue()
    photo = page.stage(job)
    assert 'src="/api/jobs/x/photo?0"' in photo
    assert "before" not in photo, "nothing to compare it with"
    job.preview = job.photo
    both = page.stage(job, version=3)
    assert 'src="/api/jobs/x/preview?3"' in both
    assert 'src="/api/jobs/x/photo"' in both
    assert "--w: 60; --h: 40" in both


@pytest.mark.parametrize(
    ("state", "error", "line"),
    [
        ("cancelled", None, "Cancelled."),
        ("failed", "not enough memory", "Not enough memory."),
        ("failed", None, "The painting failed."),
    ],
)
def test_the_end_without_a_painting(job, state, error, line):
    job.state, job.error = state, error
    assert line in page.finished(job)


def test_a_painting_is_offered_with_its_size_and_format(job):
    job.result = Result(job.folder / "x.webp", "image/webp", "harbour-irises.webp", (96, 64), ())
    offered = page.finished(job)
    assert "Download (96 × 64 pixels, WEBP)" in offered
    assert 'download="harbour-irises.webp"' in offered
    assert 'href="/api/jobs/x/result"' in offered


@pytest.mark.parametrize("name", ["gallery.js", "stage.js", "studio.css"])
def test_scripts_come_with_the_package(name):
    assert page.script(name).strip()


def test_every_picture_of_the_gallery_says_its_words():
    """The search looks in them."""
    [card] = [card for card in page.gallery().split("<button") if 'data-name="great-wave"' in card]
    for word in ("great-wave", "Kanagawa", "Hokusai", "1831"):
        assert word in card.partition('data-words="')[2].partition('"')[0]
