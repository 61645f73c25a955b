"""Turn requests into the work of jobs; a request is examined before it is queued."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from impasto.api.painter import Painter
from impasto.api.sources import StyleSource, check_is_visible
from impasto.batch.job import Saving
from impasto.batch.names import default_output, suffix_of
from impasto.errors import InputError, SettingError
from impasto.image import output
from impasto.image.files import Picture
from impasto.image.sheet import SIDE, contact_sheet
from impasto.models.assets import FOLDER
from impasto.painting import Painting
from impasto.settings import INIT_WORDS, OptimizeSettings, StylizeSettings
from impasto.styles import library, storage
from impasto.styles.embedding import Style
from impasto.system.extras import require
from impasto.web.jobs import Job, Result, Work
from impasto.web.limits import Limits
from impasto.web.pictures import jpeg
from impasto.web.uploads import Upload

PREVIEW_SECONDS = 1.0
"""Seconds between two previews of a painting in progress."""

TUNING_PREVIEW_SECONDS = 8.0
"""Seconds between two previews of a style in training; each takes about a second."""

TUNING_SIDE = 512
"""Long side in pixels of the previews of a style in training."""


class StyleChoice(NamedTuple):
    """A chosen style and its weight.

    Attributes:
        source: a name in the library, never a path; an uploaded picture or style file; or a style.
        weight: in a mixture.
    """

    source: str | Upload | Style
    weight: float = 1.0

    @property
    def name(self) -> str:
        """The name of the style in the names of files."""
        if isinstance(self.source, Style):
            return self.source.title or "style"
        return self.source if isinstance(self.source, str) else Path(self.source.name).stem

    def examined(self, limits: Limits) -> "StyleChoice":
        """Check that the style exists, without decoding a picture.

        Raises:
            InputError: there is no such style, or its picture cannot be used or is too large.
        """
        if isinstance(self.source, str):
            name = library.resolve(self.source)
            if name is None:
                raise InputError(f"style {self.source[:64]!r}: there is none; GET /api/styles")
            return self._replace(source=name)
        if isinstance(self.source, Upload):
            if self.source.is_style:
                return self._replace(source=self.source.style())
            self.source.examine(limits.pixels)
        return self

    def for_one_pass(self, limits: Limits) -> StyleSource:
        """Load the style for `Painter`."""
        if isinstance(self.source, Upload):
            return self.source.picture(limits.pixels)
        return library.find(self.source) if isinstance(self.source, str) else self.source

    def check_has_picture(self) -> None:
        """Check that the style has a picture, which `optimize` needs.

        Raises:
            InputError: it has only a vector.
        """
        is_own = isinstance(self.source, str) and self.source not in library.shipped()
        if is_own or isinstance(self.source, Style):
            raise InputError(
                f"style {self.name!r}: has no picture, which optimization needs; send its picture"
            )

    def for_optimization(self, limits: Limits) -> Picture | Path:
        """Find the picture of a style that has one."""
        if isinstance(self.source, Upload):
            return self.source.picture(limits.pixels)
        assert isinstance(self.source, str), "`check_has_picture` was called"
        return library.picture(self.source)


def stylize(
    photo: Upload,
    styles: Sequence[StyleChoice],
    settings: StylizeSettings,
    saving: Saving,
    limits: Limits,
    *,
    preview: bool = False,
) -> Work:
    """Prepare to paint a photo in one pass.

    Args:
        photo: to paint.
        styles: at least one.
        settings: how to paint.
        saving: the format of the file; without a suffix it is that of the photo.
        limits: of the server.
        preview: whether the job keeps reduced pictures for a page.

    Raises:
        InputError, SettingError: the request is wrong.
    """
    photo_kind, size = photo.examine(limits.pixels)
    limits.check_settings(settings, size)
    chosen = _examined(styles, limits)
    settings = replace(settings, threads=settings.threads or limits.threads)

    def work(job: Job) -> Result:
        picture = photo.picture(limits.pixels)
        if preview:
            job.photo = jpeg(picture)
        sources = [(style.for_one_pass(limits), style.weight) for style in chosen]
        painter = Painter(sources, settings=settings)
        job.check()
        painting = painter.paint(picture)
        job.check()
        if preview:
            job.preview = jpeg(painting)
        return _written(job, painting, _download_name(photo, chosen, photo_kind, saving), saving)

    return work


def optimize(
    photo: Upload,
    styles: Sequence[StyleChoice],
    settings: OptimizeSettings,
    saving: Saving,
    limits: Limits,
    *,
    init: Upload | None = None,
) -> Work:
    """Prepare to paint a photo by optimization.

    Args:
        photo, styles, settings, saving, limits: as for `stylize`.
        init: the picture to start from, instead of `settings.init`.

    Raises:
        InputError, SettingError: the request is wrong.
        MissingExtraError: PyTorch is not installed.
    """
    require("optimization", "torch", "torch", "safetensors")
    photo_kind, size = photo.examine(limits.pixels)
    limits.check_settings(settings, size)
    chosen = _examined(styles, limits)
    for style in chosen:
        style.check_has_picture()
    _check_stays_here(settings)
    if init is not None:
        init.examine(limits.pixels)
    settings = replace(settings, threads=settings.threads or limits.threads)

    def work(job: Job) -> Result:
        from impasto.api.stepwise import optimize_steps

        picture = photo.picture(limits.pixels)
        job.photo = jpeg(picture)
        sources = [(style.for_optimization(limits), style.weight) for style in chosen]
        first = (
            settings if init is None else replace(settings, init=_first_picture(job, init, limits))
        )
        is_due = _every(PREVIEW_SECONDS)
        with closing(optimize_steps(picture, sources, settings=first)) as steps:
            for step in steps:
                job.advance(step.done, step.seconds_left)
                if is_due():
                    job.preview = jpeg(step.painting())
            painting = step.painting()
        job.preview = jpeg(painting)
        return _written(job, painting, _download_name(photo, chosen, photo_kind, saving), saving)

    return work


def sheet(photo: Upload, settings: StylizeSettings, limits: Limits) -> Work:
    """Prepare to paint a photo in every built-in style, on one labelled sheet.

    Args:
        photo: to paint.
        settings: how to paint, except the size.
        limits: of the server.

    Raises:
        InputError: the photo cannot be used.
    """
    photo.examine(limits.pixels)
    settings = replace(settings, size=SIDE, threads=limits.threads)

    def work(job: Job) -> Result:
        picture = photo.picture(limits.pixels)
        started = time.monotonic()
        paintings = []
        for number, (name, style) in enumerate(library.shipped().items()):
            paintings.append((name, Painter(style, settings=settings).paint(picture).to_pil()))
            done = (number + 1) / len(library.shipped())
            job.advance(done, (time.monotonic() - started) * (1 / done - 1))
        made = contact_sheet(paintings)
        painting = Painting(made.samples, made.alpha, picture.metadata, (), ())
        job.preview = jpeg(painting, max(made.size))
        return _written(job, painting, f"{Path(photo.name).stem}-styles.png", Saving())

    return work


def tune(
    picture: Upload,
    photo: Upload | None,
    minutes: float,
    limits: Limits,
    keep: Callable[[Style], None],
) -> Work:
    """Prepare to learn a style from its picture.

    Args:
        picture: of the style.
        photo: for the previews; None for a sample photo.
        minutes: how long to learn.
        limits: of the server.
        keep: is called with the finished style.

    Raises:
        InputError: a picture cannot be used.
        MissingExtraError: PyTorch is not installed.
    """
    require("training", "torch", "torch", "safetensors", "onnx")
    for upload in filter(None, (picture, photo)):
        upload.examine(limits.pixels)

    def work(job: Job) -> Result:
        from impasto.api.style_training import train_style_steps

        loaded = picture.picture(limits.pixels)
        check_is_visible(loaded)
        shown = photo.picture(limits.pixels) if photo else FOLDER / "photos" / "astronaut.jpg"
        small = StylizeSettings(size=TUNING_SIDE, threads=limits.threads)
        is_due = _every(TUNING_PREVIEW_SECONDS)
        for step in train_style_steps(loaded, minutes=minutes):
            job.advance(step.progress, 60 * minutes * (1 - step.progress))
            if is_due():
                job.preview = jpeg(Painter(step.style, settings=small).paint(shown))
        title = Path(picture.name).stem
        style = replace(step.style, title=title)
        job.preview = jpeg(Painter(style, settings=small).paint(shown))
        path = job.folder / "style.npz"
        storage.save(path, {title: style})
        keep(style)
        return Result(path, "application/octet-stream", f"{title}.npz", None, style.notices)

    return work


def _examined(styles: Sequence[StyleChoice], limits: Limits) -> list[StyleChoice]:
    if not styles:
        raise SettingError("there is no style; name one, or send its picture")
    return [style.examined(limits) for style in styles]


def _check_stays_here(settings: OptimizeSettings) -> None:
    """Check that a request neither names a file of the server nor starts a download.

    Raises:
        SettingError: it does.
    """
    if settings.init not in INIT_WORDS:
        words = ", ".join(INIT_WORDS)
        raise SettingError(f"init can be: {words}; a picture is sent as init_file")
    if settings.encoder == "vgg19":
        from impasto.networks import downloads

        if not downloads.is_cached("vgg19"):
            raise SettingError(
                "encoder vgg19 is not on this server; `impasto weights fetch vgg19` downloads it"
            )


def _first_picture(job: Job, init: Upload, limits: Limits) -> str:
    """Decode the picture to start from, write it as PNG, and return its path."""
    picture = init.picture(limits.pixels)
    path = job.folder / "init.png"
    output.write(path, picture.samples)
    return str(path)


def _every(seconds: float) -> Callable[[], bool]:
    """Make a function that returns True at most once in so many seconds."""
    last = time.monotonic()

    def is_due() -> bool:
        nonlocal last
        if time.monotonic() - last < seconds:
            return False
        last = time.monotonic()
        return True

    return is_due


def _download_name(photo: Upload, styles: Sequence[StyleChoice], kind: str, saving: Saving) -> str:
    """Build the name of a painting's file from the photo, the styles and the format."""
    suffix = saving.suffix or suffix_of(kind)
    return default_output(Path(photo.name), [s.name for s in styles], suffix=suffix).name


def _written(job: Job, painting: Painting, name: str, saving: Saving) -> Result:
    """Write a painting to the job's folder."""
    suffix = Path(name).suffix
    path = job.folder / f"painting{suffix}"
    painting.save(path, quality=saving.quality, strip_metadata=saving.strip_metadata)
    notices = painting.notices
    lost = output.left_out(Path(name), painting.metadata)
    if lost is not None and not saving.strip_metadata:
        notices = (*notices, lost)
    return Result(path, output.media_type(path), name, painting.size, notices)
