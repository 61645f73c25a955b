"""Renders the pictures of the studio in docs/gallery/, which docs/web.md shows.

    python docs/studio.py                  two pictures for the page
    python docs/studio.py --all FOLDER     every width and colour scheme, to look at

It needs `pip install "impasto[web]" playwright` and the Chromium of the system.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "samples/photos/astronaut.jpg"
STYLE = "starry-night"

VIEWS = {
    "studio": (1280, 900, "light"),
    "studio-dark": (1280, 900, "dark"),
    "studio-phone": (390, 844, "dark"),
    "studio-phone-light": (390, 844, "light"),
}
"""Width, height and colour scheme."""

SHOWN = ("studio", "studio-phone")
"""Those that docs/web.md shows."""

QUALITY, WIDTH = 77, 1024
"""Of the pictures on the page, whose files are to be small."""


@contextmanager
def studio() -> Iterator[str]:
    """Serve it, and give its address."""
    words = [sys.executable, "-m", "impasto", "web", "--no-browser", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = re.search(r"http://\S+", process.stdout.readline())
        assert told is not None, "impasto web did not start"
        try:
            yield told[0]
        finally:
            process.terminate()


def picture(browser: Browser, address: str, name: str) -> Image.Image:
    """Paint a photo in a browser's window, and take a picture of it."""
    width, height, scheme = VIEWS[name]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_default_timeout(120_000)
    page.goto(address)
    page.locator(".card").first.wait_for()
    page.locator("input[type=file]").first.set_input_files(PHOTO)
    page.locator(".image-container img").first.wait_for()
    page.locator(f".card[data-name={STYLE}]").click()
    page.locator(".download").wait_for()
    page.wait_for_timeout(1500)
    shot = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return shot


def main() -> None:
    """Render what the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    folder = parser.parse_args().all
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with studio() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in VIEWS if folder else SHOWN:
            path = (folder or ROOT / "docs/gallery") / f"{name}.{'png' if folder else 'jpg'}"
            shot = picture(browser, address, name).convert("RGB")
            if not folder:
                shot.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
            shot.save(path, quality=QUALITY, optimize=True)
            print(path)
        browser.close()


if __name__ == "__main__":
    main()
