"""The studio in a real browser: the Chromium that the system has, driven by Playwright."""

import io
import re
import shutil
import time

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError
from impasto.image import files

from .running import running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)

SILENT = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Options by which Chromium itself asks nobody anything."""

SOON = 60_000
"""Milliseconds in which a painting comes, on a busy machine."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    # Of Gradio's, and of Playwright's loop.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running(tmp_path_factory.mktemp("studio"), studio=True) as told:
        yield told


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=SILENT)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, studio):
    """The studio in a browser that refuses every other address; afterwards none was asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    elsewhere, problems = [], []

    def answer(route):
        if route.request.url.startswith((studio.url, "data:", "blob:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", answer)
    opened = context.new_page()
    opened.on("pageerror", lambda problem: problems.append(str(problem)))
    opened.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    opened.set_default_timeout(SOON)
    opened.goto(studio.url)
    opened.wait_for_selector(".card")
    opened.wait_for_selector("input[type=file]", state="attached")
    yield opened
    context.close()
    assert (elsewhere, problems) == ([], [])


def drop(page, path, place=0):
    """Give the page a picture, and wait until it shows it."""
    page.locator("input[type=file]").nth(place).set_input_files(path)
    page.locator(".image-container img").nth(place).wait_for(state="visible")


def choose(page, name):
    page.locator(f".card[data-name={name}]").click()


def download(page, folder):
    """The painting's file."""
    with page.expect_download() as waiting:
        page.locator(".download").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


@pytest.fixture
def photo_file(tmp_path, photo_bytes):
    path = tmp_path / "harbour.jpg"
    path.write_bytes(photo_bytes)
    return path


def test_a_photo_becomes_a_painting_that_can_be_compared_and_downloaded(page, photo_file, tmp_path):
    drop(page, photo_file)
    choose(page, "great-wave")
    page.locator(".download").wait_for()
    assert "96 × 64 pixels, JPG" in page.locator(".download").inner_text()
    assert page.locator(".compare img").count() == 2

    place = page.locator(".compare").bounding_box()
    page.mouse.click(place["x"] + place["width"] * 0.25, place["y"] + place["height"] / 2)
    before = page.locator(".compare .before")
    clipped = before.evaluate("e => getComputedStyle(e).clipPath")
    assert float(re.search(r"([\d.]+)%", clipped)[1]) == pytest.approx(75, abs=1)
    assert before.evaluate("e => e.naturalWidth") == 96

    path = download(page, tmp_path)
    assert path.name == "harbour-great-wave.jpg"
    with Image.open(path) as painting:
        expected = impasto.stylize(photo_file, "great-wave", threads=1)
        assert painting.size == (96, 64)
        assert painting.getexif()[0x010E] == "the harbour"
        difference = np.abs(np.asarray(painting, float) - 255 * expected.pixels)
        assert difference.mean() < 4, "of JPEG's making"


def test_styles_are_found_by_title_and_artist(page):
    visible = page.locator(".card:visible")
    everything = visible.count()
    page.locator(".search").fill("hokusai")
    assert 0 < visible.count() < everything
    assert all("Hokusai" in text for text in visible.all_inner_texts())
    page.locator(".search").fill("no such words")
    assert visible.count() == 0
    assert page.locator(".none").is_visible()
    page.locator(".search").fill("")
    assert visible.count() == everything


def test_a_change_of_a_setting_paints_anew(page, photo_file, tmp_path):
    drop(page, photo_file)
    choose(page, "irises")
    page.locator(".download").wait_for()
    page.get_by_label("the photo's, exactly").click()
    page.wait_for_function("document.querySelector('#status').innerText.includes('Download')")
    page.get_by_label("Format of the download").click()
    page.get_by_role("option", name="PNG").click()
    page.locator("#paint").click()
    page.wait_for_function("document.querySelector('.download')?.innerText.includes('PNG')")
    with Image.open(download(page, tmp_path)) as painting:
        expected = impasto.stylize(photo_file, "irises", colour="luminance", threads=1).to_pil()
        assert np.array_equal(painting, expected)


def test_a_style_of_ones_own_and_a_mixture(page, photo_file, wave, tmp_path):
    drop(page, photo_file)
    page.get_by_role("tab", name="Your own style").click()
    page.locator("input[type=file]").nth(1).set_input_files(wave)
    page.locator(".download").wait_for()
    page.get_by_text("Mix with a second style").click()
    page.get_by_label("Second style").click()
    page.get_by_label("Second style").fill("irises")
    page.get_by_role("option", name="Irises").click()
    page.wait_for_function("document.querySelector('.download')?.download.includes('+')")
    assert download(page, tmp_path).name == "harbour-wave+irises.jpg"


def test_an_optimization_shows_how_it_goes_and_is_cancelled(page, studio, photo_file):
    drop(page, photo_file)
    choose(page, "irises")
    page.locator(".download").wait_for()
    page.get_by_label("optimize: bolder, minutes").click()
    page.get_by_label("best").click()
    page.get_by_label("Long side").click()
    page.get_by_role("option", name="512 pixels").click()
    page.locator("#paint").click()
    page.wait_for_function(r"/\d%, .* left/.test(document.querySelector('#status').innerText)")
    page.wait_for_function(
        "document.querySelector('.compare img')?.src.includes('preview') && "
        "document.querySelector('.compare img').naturalWidth > 0"
    )
    page.locator("#cancel").click()
    page.get_by_text("Cancelled.").wait_for()
    assert studio.jobs.counts() == {"running": 0, "waiting": 0}


def test_what_is_broken_is_said_in_one_sentence(page, tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff and nothing more")
    page.locator("input[type=file]").first.set_input_files(path)
    choose(page, "irises")
    said = page.get_by_role("alert")
    said.wait_for()
    with pytest.raises(InputError) as problem:
        files.examine(io.BytesIO(path.read_bytes()), path.name)
    assert said.inner_text() == f"{problem.value}."


@pytest.mark.parametrize(
    ("button", "sentence"),
    [
        ("#paint", "There is no photo yet; drop one on the page."),
        ("#sheet", "There is no photo yet; drop one on the page."),
    ],
)
def test_what_is_missing_is_said(page, button, sentence):
    page.locator(button).click()
    said = page.get_by_role("alert")
    said.wait_for()
    assert said.inner_text() == sentence


def test_who_closes_the_page_cancels(browser, studio, photo_file):
    context = browser.new_context()
    page = context.new_page()
    page.goto(studio.url)
    page.wait_for_selector(".card")
    drop(page, photo_file)
    choose(page, "irises")
    page.locator(".download").wait_for(timeout=SOON)
    page.get_by_label("optimize: bolder, minutes").click()
    page.get_by_label("best").click()
    page.locator("#paint").click()
    deadline = time.monotonic() + 60
    while not studio.jobs.counts()["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    context.close()
    while studio.jobs.counts()["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_description_of_the_api_asks_nobody(page, studio):
    page.goto(f"{studio.url}/docs")
    page.get_by_text("/api/stylize").first.wait_for()
