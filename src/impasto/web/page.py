"""The parts of the studio's page that impasto writes as HTML."""

import io
from collections.abc import Iterable
from html import escape
from pathlib import Path

from PIL import Image

from impasto.styles import library
from impasto.web.jobs import Job

STATIC = Path(__file__).parent / "static"

MASTHEAD = """
<div class="masthead">
  <h1>impasto</h1>
  <p>Turns photos into paintings. Nothing leaves this machine.</p>
  <a href="/docs" target="_blank">HTTP API</a>
</div>
"""

BLANK = """
<div class="blank">
  <strong>Drop a photo, then choose a style.</strong>
  <span>The painting appears here.</span>
</div>
"""


def script(name: str) -> str:
    """Read a script or a style sheet of the page, by its file name."""
    return (STATIC / name).read_text("utf-8")


def gallery() -> str:
    """Render the built-in styles, each with its picture, title and artist."""
    cards = "".join(_card(name) for name in library.shipped())
    return f"""
<input class="search" type="search" placeholder="Search by title or artist"
       aria-label="Search the styles by title or artist">
<p class="none" hidden>No style has these words.</p>
<div class="cards">{cards}</div>
"""


def _card(name: str) -> str:
    style = library.shipped()[name]
    words = escape(f"{name} {style.title} {style.artist} {style.year}", quote=True)
    return (
        f'<button type="button" class="card" aria-pressed="false" data-name="{escape(name)}" '
        f'data-words="{words}">'
        f'<img src="/api/styles/{escape(name)}/thumbnail" alt="" loading="lazy">'
        f'<span class="title">{escape(style.title)}</span>'
        f'<span class="artist">{escape(style.artist)}</span></button>'
    )


def stage(job: Job, version: int = 0) -> str:
    """Render the painting so far, with a slider that uncovers the photo.

    Args:
        job: it may have a photo and a preview, one of them, or neither.
        version: increases with every picture, so that the browser loads the new one.
    """
    url = f"/api/jobs/{job.id}"
    shown = job.preview or job.photo
    if shown is None:
        return ""
    parts = (
        f'<img src="{url}/{"preview" if job.preview else "photo"}?{version}" alt="The painting">'
    )
    if job.photo is not None and job.preview is not None:
        parts += f'<img class="before" src="{url}/photo" alt="The photo">{_CUT}'
    with Image.open(io.BytesIO(shown)) as picture:
        width, height = picture.size
    return f'<figure class="compare" style="--w: {width}; --h: {height}">{parts}</figure>'


_CUT = """
<span class="tag left">photo</span><span class="tag right">painting</span>
<input class="cut" type="range" min="0" max="100" step="0.1" value="50"
       aria-label="How much of the photo is shown">
<span class="handle"></span>
"""


def progress(job: Job, ahead: int) -> str:
    """Render the progress of a painting."""
    if job.state == "waiting" and ahead:
        before = f"{ahead} painting{'s' if ahead > 1 else ''} before this one"
        return _status('<div class="bar waiting"><div></div></div>', f"Waiting: {before}")
    if not job.progress:
        doing = "Painting" if job.kind == "stylize" else "Starting"
        return _status('<div class="bar waiting"><div></div></div>', doing)
    bar = f'<div class="bar"><div style="width: {job.progress:.1%}"></div></div>'
    left = "" if job.seconds_left is None else f", {_duration(job.seconds_left)} left"
    return _status(bar, f"{job.progress:.0%}{left}")


def finished(job: Job) -> str:
    """Render the link to a finished painting, or the reason why there is none."""
    if job.state == "cancelled":
        return _status("", "Cancelled.")
    if job.result is None:
        return error(job.error or "the painting failed")
    result = job.result
    kind = result.path.suffix.removeprefix(".").upper()
    size = "" if result.size is None else f"{result.size[0]} × {result.size[1]} pixels, "
    link = (
        f'<a class="download" href="/api/jobs/{job.id}/result" download="{escape(result.name)}">'
        f"Download ({size}{kind})</a>"
    )
    return _status(link, notices=result.notices)


def error(line: str) -> str:
    """Render an error as one sentence."""
    if line.partition(" ")[0].isalpha():  # not the name of a file
        line = line[:1].upper() + line[1:]
    return f'<div class="status"><p class="error" role="alert">{escape(line)}.</p></div>'


def _status(top: str, line: str = "", notices: Iterable[str] = ()) -> str:
    said = f"<p>{escape(line)}</p>" if line else ""
    more = "".join(f'<p class="notice">{escape(notice)}</p>' for notice in notices)
    return f'<div class="status" role="status">{top}{said}{more}</div>'


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02} min"
