"""The studio: a page in the browser, built with Gradio."""

import base64
import io
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

# Set before Gradio is imported, which would otherwise contact its makers.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr
from fastapi import FastAPI
from gradio.data_classes import ImageData

from impasto.schema import json_schema
from impasto.settings import OptimizeSettings, StylizeSettings
from impasto.styles import library
from impasto.web import page
from impasto.web.actions import Actions, Shown, Wish
from impasto.web.api import Server
from impasto.web.uploads import Upload

SIZES = (512, 768, 1024, 1536, 2048, 3072, 4096)
"""Long sides in pixels that the page offers, besides that of the photo."""

FORMATS = ("png", "jpg", "webp", "tif")
"""Formats that the page offers, besides that of the photo."""

COLOURS = {
    "style": "the style's",
    "luminance": "the photo's, exactly",
    "linear": "the photo's, on average",
    "histogram": "the photo's palette",
}
"""Labels of the values of `colour` on the page."""

MOST_EVENTS = 100
"""Largest number of unanswered clicks on all pages together."""

_SWEEP_SECONDS = 300
"""Longest time in seconds between two removals of old uploads."""


def mount(app: FastAPI, server: Server, folder: Path) -> FastAPI:
    """Add the studio to the application, at /.

    Args:
        app: with the API.
        server: with the queue of paintings.
        folder: for uploads; it is created for the current user alone.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    blocks = build(server)
    blocks.queue(max_size=MOST_EVENTS, default_concurrency_limit=None, api_open=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name="127.0.0.1",
        footer_links=["settings"],
        run_history=False,
        max_file_size=server.limits.bytes,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        theme=theme(),
        css=page.script("studio.css"),
    )
    return mounted


def theme() -> gr.themes.Base:
    """Choose the colours, and fonts of the system, so that none is downloaded."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        secondary_hue=gr.themes.colors.stone,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )


def build(server: Server) -> gr.Blocks:
    """Build the page and connect its components with the actions."""
    keep = int(server.limits.keep_seconds)
    every = min(_SWEEP_SECONDS, keep)
    actions = Actions(server)
    with gr.Blocks(
        title="impasto", analytics_enabled=False, delete_cache=(every, keep), fill_width=True
    ) as blocks:
        gr.HTML(page.MASTHEAD)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=340):
                controls = Controls()
            with gr.Column(scale=7, min_width=340, elem_id="result"):
                result = Result()
        controls.connect(result, actions)
        blocks.unload(actions.cancel)
    return blocks


class Result:
    """The right half of the page: the painting and its progress."""

    def __init__(self) -> None:
        with gr.Row(elem_id="buttons"):
            self.paint = gr.Button("Paint", variant="primary", elem_id="paint", min_width=90)
            self.cancel = gr.Button("Cancel", interactive=False, elem_id="cancel", min_width=90)
            self.sheet = gr.Button("Sheet of all styles", elem_id="sheet", min_width=160)
        self.status = gr.HTML('<div class="status"></div>', elem_id="status")
        self.stage = gr.HTML(
            page.BLANK, js_on_load=page.script("stage.js"), elem_classes="stage", elem_id="stage"
        )

    @property
    def shown(self) -> list[Any]:
        """The components that `actions.Shown` updates."""
        return [self.stage, self.status, self.cancel]


class Controls:
    """The left half of the page: photo, style and settings."""

    def __init__(self) -> None:
        self.photo = _photo("Photo", ["upload", "clipboard", "webcam"], 260)
        self.uses_own = gr.State(False)
        self.library = gr.State(None)
        self.tuned = gr.State(None)
        with gr.Tabs():
            with gr.Tab("Built-in styles") as self.library_tab:
                self.gallery = gr.HTML(
                    page.gallery(), js_on_load=page.script("gallery.js"), elem_id="gallery"
                )
            with gr.Tab("Your own style") as self.own_tab:
                self._lay_out_own_style()
        with gr.Accordion("Mix with a second style", open=False):
            self.second = gr.Dropdown(
                [("none", ""), *_works()], value="", label="Second style", filterable=True
            )
            self.share = gr.Slider(0, 1, 0.5, step=0.05, label="How much of it")
        self._lay_out_settings()

    def _lay_out_own_style(self) -> None:
        self.own = _photo("A picture in the style", ["upload", "clipboard"], 220)
        gr.Markdown("The style is read in a moment. To learn its strokes better takes minutes:")
        self.minutes = gr.Slider(0.5, 15, 3, step=0.5, label="Minutes")
        self.tune = gr.Button("Learn this style", elem_id="tune")

    def _lay_out_settings(self) -> None:
        self.engine = gr.Radio(
            [("one pass: a moment", False), ("optimize: bolder, minutes", True)],
            value=False,
            label="Engine",
            elem_id="engine",
        )
        schema = json_schema(OptimizeSettings)["properties"]["quality"]
        self.quality = gr.Radio(
            schema["enum"],
            value=schema["default"],
            label="Quality",
            info=schema["description"],
            visible=False,
        )
        self.strength = slider("strength", "Strength", 0.05)
        self.brush = slider("brush", "Brush", 0.05)
        self.colour = gr.Radio(
            [(label, value) for value, label in COLOURS.items()],
            value=_property("colour")["default"],
            label="Colours",
        )
        with gr.Row():
            self.size = gr.Dropdown(
                [("the photo's", 0), *((f"{side} pixels", side) for side in SIZES)],
                value=0,
                label="Long side",
            )
            self.format = gr.Dropdown(
                [("the photo's", ""), *((name.upper(), name) for name in FORMATS)],
                value="",
                label="Format of the download",
            )

    @property
    def wish(self) -> list[Any]:
        """The components whose values make a `Wish`, in its order."""
        return [
            self.photo,
            self.library,
            self.own,
            self.tuned,
            self.uses_own,
            self.second,
            self.share,
            self.engine,
            self.quality,
            self.format,
            self.strength,
            self.brush,
            self.colour,
            self.size,
        ]

    def connect(self, result: Result, actions: Actions) -> None:
        """Connect choices and buttons with the actions."""

        async def paint(request: gr.Request, *values: Any) -> AsyncGenerator[Shown, None]:
            async with aclosing(actions.paint(Wish(*values), request)) as steps:
                async for step in steps:
                    yield step

        async def repaint(request: gr.Request, *values: Any) -> AsyncGenerator[Shown, None]:
            async with aclosing(actions.repaint(Wish(*values), request)) as steps:
                async for step in steps:
                    yield step

        _listen(result.paint.click, paint, self.wish, result.shown)
        chosen = self.gallery.select(
            _chosen_name, None, self.library, api_visibility="private", queue=False
        )
        for listen in (
            chosen.then,
            self.photo.upload,
            self.own.upload,
            self.strength.release,
            self.brush.release,
            self.share.release,
            self.second.input,
            self.colour.input,
            self.size.input,
        ):
            _listen(listen, repaint, self.wish, result.shown)
        _listen(result.sheet.click, actions.sheet, [self.photo], result.shown)
        tuned = [*result.shown, self.tuned]
        _listen(self.tune.click, actions.tune, [self.own, self.photo, self.minutes], tuned)
        result.cancel.click(actions.cancel, None, None, api_visibility="private", queue=False)
        self._connect_choices()

    def _connect_choices(self) -> None:
        quiet: dict[str, Any] = {"api_visibility": "private", "queue": False}
        self.library_tab.select(lambda: False, None, self.uses_own, **quiet)
        self.own_tab.select(lambda: True, None, self.uses_own, **quiet)
        self.own.change(lambda: None, None, self.tuned, **quiet)
        self.engine.change(lambda slow: gr.update(visible=slow), self.engine, self.quality, **quiet)


def _listen(listen: Any, action: Any, inputs: list[Any], outputs: list[Any]) -> None:
    """Let an event start a painting; of several events in a row, only the last one counts."""
    listen(
        action,
        inputs,
        outputs,
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=None,
        trigger_mode="always_last",
    )


def _chosen_name(event: gr.EventData) -> str:
    return str(event.name)


def _photo(label: str, sources: list[str], height: int) -> gr.Image:
    """Make a component for a picture, whose handlers get an `Upload`.

    Gradio itself would open files of any size and show their paths in errors. For a subclass, it
    would write a file beside this one.
    """
    place = gr.Image(label=label, sources=sources, type="filepath", image_mode=None, height=height)
    place.preprocess = opened
    return place


def opened(payload: ImageData | None) -> Upload | None:
    """Open an uploaded file, whose path Gradio has checked, or a picture from a webcam."""
    if payload is not None and payload.url and payload.url.startswith("data:"):
        content = base64.b64decode(payload.url.partition(",")[2])
        return Upload(io.BytesIO(content), "webcam.png", "photo")
    if payload is None or payload.path is None:
        return None
    return Upload(Path(payload.path).open("rb"), payload.orig_name or "", "photo")


def _property(name: str) -> dict[str, Any]:
    """Look up a setting in the schema."""
    found: dict[str, Any] = json_schema(StylizeSettings)["properties"][name]
    return found


def slider(name: str, label: str, step: float) -> gr.Slider:
    """Make a slider for a setting, with its bounds, default and help."""
    schema = _property(name)
    return gr.Slider(
        schema["minimum"],
        schema["maximum"],
        schema["default"],
        step=step,
        label=label,
        info=schema["description"],
    )


def _works() -> list[tuple[str, str]]:
    """List the built-in styles as pairs of a title and a name."""
    return [(f"{style.title}, {style.artist}", name) for name, style in library.shipped().items()]
