"""Serve `impasto web` until Ctrl-C."""

import os
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

import uvicorn

from impasto.errors import OutputError
from impasto.feedforward.model import shipped
from impasto.system.paths import os_error_message
from impasto.web.api import Server
from impasto.web.app import create_app
from impasto.web.guard import EVERYWHERE, LOCAL_NAMES, forbid_outgoing
from impasto.web.jobs import Jobs
from impasto.web.limits import Options

MOST_CONNECTIONS = 200
"""Largest number of connections at a time; further ones get the answer 503."""

_GOODBYE_SECONDS = 2
"""Seconds for which open connections may continue after Ctrl-C."""


def serve(options: Options) -> None:
    """Serve until Ctrl-C.

    Raises:
        OutputError: the address or the port cannot be used.
    """
    forbid_outgoing()
    with (
        closing(listen(options.host, options.port)) as listening,
        tempfile.TemporaryDirectory(prefix="impasto-", ignore_cleanup_errors=True) as folder,
    ):
        jobs = Jobs(Path(folder) / "jobs", options.limits)
        try:
            _run(options, Server(jobs, options.limits), listening, Path(folder))
        finally:
            jobs.close()


def _run(options: Options, server: Server, listening: socket.socket, folder: Path) -> None:
    app = create_app(server, _host_names(options))
    if options.ui:
        os.environ["GRADIO_TEMP_DIR"] = str(folder / "studio")  # Gradio makes folders at once
        from impasto.web.studio import mount

        app = mount(app, server, folder / "studio")
    for model in shipped("auto", options.limits.threads):
        model.preload()
    config = uvicorn.Config(
        app,
        loop="asyncio",  # its connections raise the audit events of `forbid_outgoing`
        log_level="warning",
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )
    address = url(options.host, listening.getsockname()[1])

    def announce() -> None:
        print(f"impasto: {address} (Ctrl-C ends it)", flush=True)
        if options.browser and options.ui:
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()

    _Announced(config, announce).run(sockets=[listening])


class _Announced(uvicorn.Server):
    """A server that announces when it is ready; from then on, Ctrl-C stops it cleanly."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and announce it."""
        await super().startup(sockets)
        self._announce()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        OutputError: the address is not one of this machine, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as problem:
        # Python adds the address to the system's words, which are enough.
        words = os.strerror(problem.errno) if problem.errno else os_error_message(problem)
        reason = words.lower()
        raise OutputError(
            f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port"
        ) from problem


def url(host: str, port: int) -> str:
    """Build the URL for a browser on this machine."""
    name = "127.0.0.1" if host in EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _host_names(options: Options) -> Collection[str]:
    """List the host names that browsers may use for this server; an empty list allows all."""
    if options.host in EVERYWHERE and not options.names:
        return ()
    return {*LOCAL_NAMES, options.host, *options.names}
