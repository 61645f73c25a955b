"""`impasto web`: a studio in the browser, and an HTTP API."""

from typing import Annotated

import typer

from impasto.cli.options import ADVANCED
from impasto.system.extras import require

MODULES = ("fastapi", "fastapi_offline", "gradio", "python_multipart", "uvicorn")
"""What the extra `web` brings."""


def web(
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 is any that is free.")
    ] = 7860,
    no_ui: Annotated[bool, typer.Option("--no-ui", help="Serve the HTTP API alone.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    max_megapixels: Annotated[
        float,
        typer.Option(min=0.01, max=1000, help="The largest picture to take, and to paint."),
    ] = 64,
    max_megabytes: Annotated[
        float, typer.Option(min=0.01, max=10_000, help="The largest upload to take.")
    ] = 100,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="Paintings at one time, which share the cores.",
            rich_help_panel=ADVANCED,
        ),
    ] = 1,
    queue: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="Paintings that may wait; who comes after is told when to come again.",
            rich_help_panel=ADVANCED,
        ),
    ] = 8,
    keep_minutes: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=1440,
            help="How long a finished painting can be fetched.",
            rich_help_panel=ADVANCED,
        ),
    ] = 60,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A further name by which browsers call this server; again for several.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
) -> None:
    """Serve a studio in the browser, and an HTTP API, to this machine alone.

    The studio is at `/`, the API below `/api`, its description at `/docs`. Nothing leaves the
    machine. Ctrl-C ends it.
    """
    require("the studio in the browser", "web", *MODULES)
    from impasto.web.limits import Limits
    from impasto.web.server import Options, serve

    limits = Limits(
        megapixels=max_megapixels,
        megabytes=max_megabytes,
        workers=workers,
        waiting=queue,
        keep_seconds=60 * keep_minutes,
    )
    serve(
        Options(
            host=host,
            port=port,
            names=tuple(name or ()),
            ui=not no_ui,
            browser=not no_browser,
            limits=limits,
        )
    )
