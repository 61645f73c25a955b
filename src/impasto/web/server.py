"""`impasto web`: listens, and serves until Ctrl-C."""

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
"""At a time; who comes after is answered 503."""

_GOODBYE_SECONDS = 2
"""How long open connections may go on after Ctrl-C."""


def serve(options: Options) -> None:
    """Serve until Ctrl-C.

    Raises:
        OutputError: nobody can listen there.
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
        loop="asyncio",  # which tells `forbid_outgoing` of every connection
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
    """A server that says when it answers; from then on, Ctrl-C ends it in order."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._announce()


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens.

    Raises:
        OutputError: the address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as problem:
        reason = (problem.strerror or os_error_message(problem)).lower()
        raise OutputError(
            f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port"
        ) from problem


def url(host: str, port: int) -> str:
    """Write the address that a browser on this machine opens."""
    name = "127.0.0.1" if host in EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _host_names(options: Options) -> Collection[str]:
    """List the names by which browsers may call this server; none stands for every name."""
    if options.host in EVERYWHERE and not options.names:
        return ()
    return {*LOCAL_NAMES, options.host, *options.names}
