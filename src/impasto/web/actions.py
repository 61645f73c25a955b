"""What the buttons of the studio do: each asks for a painting and shows how it goes."""

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
"""Between two looks at how a painting goes."""

Shown: TypeAlias = tuple[Any, Any, Any]
"""For the stage, the status, and the cancel button."""


class Wish(NamedTuple):
    """All that the page says of a painting, in the order of its components.

    Attributes:
        photo: what to paint.
        library: a name of a style in the library.
        own: a picture of the user's, which comes before `library`.
        tuned: what was learned from it, which comes before `own`.
        uses_own: whether the user's own style is asked for.
        second, share: a name of a style to mix in, and how much of it, in [0, 1].
        optimizes: which engine.
        quality: of an optimization.
        format: of the file; empty for the photo's.
        strength, brush, colour: as in the settings.
        size: as in the settings; 0 for the photo's.
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
        """List the styles with their weights.

        Raises:
            SettingError: none is chosen.
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
            ImpastoError: the page says something that cannot be.
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
    """Return the photo.

    Raises:
        InputError: there is none yet.
    """
    if upload is None:
        raise InputError("there is no photo yet; drop one on the page")
    return upload


class Actions:
    """What the page can ask for; one painting at a time for each page that is open.

    Args:
        server: that paints.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pages: dict[str, Job] = {}

    async def paint(self, wish: Wish, request: gr.Request) -> AsyncGenerator[Shown, None]:
        """Paint a photo, and show it."""
        kind = "optimize" if wish.optimizes else "stylize"
        watched = self._watched(kind, lambda: wish.work(self._server), request)
        async with aclosing(watched) as shown:
            async for step in shown:
                yield step

    async def repaint(self, wish: Wish, request: gr.Request) -> AsyncGenerator[Shown, None]:
        """Paint anew if a wish has changed and can be met at once."""
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
        """Learn a style; what was learned comes last, after the three of `Shown`."""
        learned: list[Style] = []

        def prepared() -> Work:
            if own is None:
                raise InputError("there is no picture to learn from; drop one above")
            return work.tune(own, photo, minutes, self._server.limits, learned.append)

        async with aclosing(self._watched("tune", prepared, request)) as shown:
            async for step in shown:
                yield (*step, learned[-1] if learned else None)

    def cancel(self, request: gr.Request) -> None:
        """Give up what is being painted for a page; also when the page is closed."""
        job = self._pages.pop(request.session_hash or "", None)
        if job is not None:
            self._server.jobs.cancel(job)

    async def _watched(
        self, kind: str, prepared: Callable[[], Work], request: gr.Request
    ) -> AsyncGenerator[Shown, None]:
        """Put work into the queue and show how it goes; leaving the generator cancels it."""
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
    """Say whether the cancel button can be pressed; without its label Gradio would empty it."""
    return gr.update(value="Cancel", interactive=active)
