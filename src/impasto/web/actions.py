"""The actions of the studio's page: each requests a painting and shows its progress."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, NamedTuple, TypeAlias

import gradio as gr

from impasto.batch.job import Saving
from impasto.errors import ImpastoError, InputError, SettingError
from impasto.settings import Colour, OptimizeSettings, Quality, StylizeSettings, with_options
from impasto.styles.embedding import Style
from impasto.web import page, work
from impasto.web.api import Server
from impasto.web.jobs import Job, Work
from impasto.web.uploads import Upload
from impasto.web.work import StyleChoice

LOOK_SECONDS = 0.2
"""Seconds between two updates of the progress."""

Shown: TypeAlias = tuple[Any, Any, Any]
"""Updates of the stage, the status and the cancel button."""


class Wish(NamedTuple):
    """The values of the page's components, in their order.

    Attributes:
        photo: to paint.
        library: name of a style in the library.
        own: the user's own picture of a style.
        tuned: the style that was learned from `own`; the single pass prefers it.
        uses_own: whether to use `own` or `tuned` instead of `library`.
        second, share: name of a second style, and its share of the mixture, in [0, 1].
        optimizes: whether to paint by optimization instead of in one pass.
        quality: of an optimization.
        format: of the file; empty for the format of the photo.
        strength, brush, colour: as in the settings.
        size: as in the settings; 0 for the size of the photo.
    """

    photo: Upload | None = None
    library: str | None = None
    own: Upload | None = None
    tuned: Style | None = None
    uses_own: bool = False
    second: str = ""
    share: float = 0.5
    optimizes: bool = False
    quality: Quality = "good"
    format: str = ""
    strength: float = 1.0
    brush: float = 1.0
    colour: Colour = "style"
    size: int = 0

    @property
    def has_style(self) -> bool:
        """Whether a style is chosen."""
        return (self.own if self.uses_own else self.library) is not None

    def styles(self) -> list[StyleChoice]:
        """List the chosen styles with their weights.

        Raises:
            SettingError: no style is chosen.
        """
        first: Any = self.library
        if self.uses_own:
            first = self.own if self.optimizes else self.tuned or self.own
        if first is None:
            raise SettingError("there is no style yet; choose one, or drop a picture of your own")
        if not self.second or not self.share:
            return [StyleChoice(first)]
        return [StyleChoice(first, 1 - self.share), StyleChoice(self.second, self.share)]

    def work(self, server: Server) -> Work:
        """Prepare the painting.

        Raises:
            ImpastoError: a value cannot be used.
        """
        saving = Saving(suffix=f".{self.format}" if self.format else None)
        photo, styles = photo_of(self.photo), self.styles()
        shared = {
            "strength": self.strength,
            "brush": self.brush,
            "colour": self.colour,
            "size": self.size or None,
        }
        if self.optimizes:
            slow = with_options(OptimizeSettings(quality=self.quality), shared)
            return work.optimize(photo, styles, slow, saving, server.limits)
        fast = with_options(StylizeSettings(), shared)
        return work.stylize(photo, styles, fast, saving, server.limits, preview=True)


def photo_of(upload: Upload | None) -> Upload:
    """Check that there is a photo, and return it.

    Raises:
        InputError: there is no photo yet.
    """
    if upload is None:
        raise InputError("there is no photo yet; drop one on the page")
    return upload


class Actions:
    """The actions of all open pages; each page has one painting at a time.

    Args:
        server: with the queue of paintings.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pages: dict[str, Job] = {}

    async def paint(self, wish: Wish, request: gr.Request) -> AsyncGenerator[Shown, None]:
        """Paint a photo and show the painting."""
        kind = "optimize" if wish.optimizes else "stylize"
        watched = self._watched(kind, lambda: wish.work(self._server), request)
        async with aclosing(watched) as shown:
            async for step in shown:
                yield step

    async def repaint(self, wish: Wish, request: gr.Request) -> AsyncGenerator[Shown, None]:
        """Paint again after a change, if there is a photo and a style and the painting is quick."""
        if wish.photo is not None and wish.has_style and not wish.optimizes:
            async with aclosing(self.paint(wish, request)) as shown:
                async for step in shown:
                    yield step

    async def sheet(self, photo: Upload | None, request: gr.Request) -> AsyncGenerator[Shown, None]:
        """Paint a photo in every style."""

        def prepared() -> Work:
            return work.sheet(photo_of(photo), StylizeSettings(), self._server.limits)

        async with aclosing(self._watched("sheet", prepared, request)) as shown:
            async for step in shown:
                yield step

    async def tune(
        self, own: Upload | None, photo: Upload | None, minutes: float, request: gr.Request
    ) -> AsyncGenerator[tuple[Any, ...], None]:
        """Learn a style; yield the updates of `Shown`, followed by the style."""
        learned: list[Style] = []

        def prepared() -> Work:
            if own is None:
                raise InputError("there is no picture to learn from; drop one above")
            return work.tune(own, photo, minutes, self._server.limits, learned.append)

        async with aclosing(self._watched("tune", prepared, request)) as shown:
            async for step in shown:
                yield (*step, learned[-1] if learned else None)

    def cancel(self, request: gr.Request) -> None:
        """Cancel the painting of a page; this also happens when the page is closed."""
        job = self._pages.pop(request.session_hash or "", None)
        if job is not None:
            self._server.jobs.cancel(job)

    async def _watched(
        self, kind: str, prepared: Callable[[], Work], request: gr.Request
    ) -> AsyncGenerator[Shown, None]:
        """Queue work and yield its progress; closing the generator cancels the work."""
        self.cancel(request)
        jobs = self._server.jobs
        try:
            job = jobs.submit(kind, await asyncio.to_thread(prepared))
        except ImpastoError as problem:
            yield gr.skip(), page.error(str(problem)), _cancel_button(active=False)
            return
        self._pages[request.session_hash or ""] = job
        seen: bytes | None = None
        version = 0
        try:
            while not job.ended:
                stage = gr.skip()
                if job.preview is not seen:
                    seen, version = job.preview, version + 1
                    stage = page.stage(job, version)
                yield stage, page.progress(job, jobs.ahead(job)), _cancel_button(active=True)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            jobs.cancel(job)
        stage = page.stage(job, version + 1) if job.state == "done" else gr.skip()
        yield stage, page.finished(job), _cancel_button(active=False)


def _cancel_button(*, active: bool) -> Any:
    """Enable or disable the cancel button; without its label, Gradio would clear the text."""
    return gr.update(value="Cancel", interactive=active)
