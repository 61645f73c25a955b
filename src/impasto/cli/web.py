"""`impasto web`: a studio in the browser, and an HTTP API."""

from typing import Annotated

import typer

from impasto.cli.options import ADVANCED
from impasto.system.extras import require
from impasto.web.limits import Limits, Options

MODULES = ("fastapi", "fastapi_offline", "gradio", "python_multipart", "uvicorn")
"""Packages that the extra `web` installs."""


def web(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 means all addresses of this machine.")
    ] = Options.host,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 means any free port.")
    ] = Options.port,
    no_ui: Annotated[bool, typer.Option("--no-ui", help="Serve only the HTTP API.")] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser.")
    ] = False,
    max_megapixels: Annotated[
        float,
        typer.Option(min=0.01, max=1000, help="Largest picture to accept, and to paint."),
    ] = Limits.megapixels,
    max_megabytes: Annotated[
        float, typer.Option(min=0.01, max=10_000, help="Largest upload to accept.")
    ] = Limits.megabytes,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="Number of paintings at a time; they share the cores.",
            rich_help_panel=ADVANCED,
        ),
    ] = Limits.workers,
    queue: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="Number of paintings that may wait; further requests are refused with status 503.",
            rich_help_panel=ADVANCED,
        ),
    ] = Limits.waiting,
    keep_minutes: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=1440,
            help="How long a finished painting can be downloaded.",
            rich_help_panel=ADVANCED,
        ),
    ] = Limits.keep_seconds // 60,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="An additional host name that browsers may use; repeat it for more names.",
            rich_help_panel=ADVANCED,
        ),
    ] = None,
) -> None:
    """Serve a studio in the browser, and an HTTP API, to this machine alone.

    The studio is at `/`, the API is under `/api`, and its documentation is at `/docs`. Nothing
    leaves the machine. Press Ctrl-C to stop.
    """
    require("the studio in the browser", "web", *MODULES)
    from impasto.web.server import serve

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
