"""Protect the server and its user against large requests, other sites and other networks."""

import ipaddress
import sys
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Host names that browsers on this machine use."""

EVERYWHERE = frozenset({"0.0.0.0", "::", ""})
"""Values of `host` that listen on every address."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}
"""Headers of every answer. The first lets the browser load nothing from elsewhere; it allows inline
scripts and styles, which Gradio's page needs."""


class Guard:
    """Refuses requests from other sites and bodies that are too large, and adds `HEADERS`.

    A page of any site can send requests to 127.0.0.1, or to a host name of its own that resolves to
    it. So `Host` must be a name of this server, and `Origin`, if there is one, must equal it.

    Args:
        app: the ASGI application that answers.
        max_bytes: of a body; they are counted as they arrive.
        hosts: names of this server; an empty collection allows all.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, hosts: Collection[str]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by the ASGI protocol."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(headers)
        if refusal is not None:
            status, reason = refusal
            await JSONResponse({"error": reason}, status)(scope, receive, send_with_headers)
            return
        await self._app(scope, self._counted(receive), send_with_headers)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self._hosts and _host_name(host) not in self._hosts:
            return 403, f"this server is not {_host_name(host)[:64]!r}; see impasto web --help"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "requests from other sites are refused"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._max_bytes:
            return 413, self._too_large()
        return None

    def _counted(self, receive: Receive) -> Receive:
        """Count the bytes of a body as they arrive."""
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self._max_bytes:
                raise HTTPException(413, self._too_large())
            return message

        return counted

    def _too_large(self) -> str:
        return f"more than {self._max_bytes / 1e6:g} MB; send a smaller file"


def _host_name(netloc: str) -> str:
    """Read the name in a `Host` header, without the port and without the brackets of IPv6."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def forbid_outgoing() -> None:
    """Forbid this process to open connections to other machines; this cannot be undone.

    Python calls an audit hook before every connection and every look-up of a name. So no library
    can send anything to another machine.
    """
    sys.addaudithook(_refuse_outgoing)


def _refuse_outgoing(event: str, arguments: tuple[Any, ...]) -> None:
    check = _CHECKS.get(event)
    if check is not None and not check(arguments):
        raise PermissionError(13, "impasto web opens no connections to other machines")


def _goes_to_here(arguments: tuple[Any, ...]) -> bool:
    """Tell whether the address in (socket, address) is on this machine."""
    address = arguments[1]
    if not isinstance(address, tuple):  # a path on this machine
        return True
    return _is_local(address[0])


def _asks_nobody(arguments: tuple[Any, ...]) -> bool:
    """Tell whether the name in (host, ...) is known without a DNS query."""
    host = arguments[0]
    if host is None or _is_local(host):
        return True
    try:
        ipaddress.ip_address(_text(host))
    except ValueError:
        return False
    return True  # an address, such as one to listen on


def _is_local(host: str | bytes) -> bool:
    if _text(host) in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(_text(host)).is_loopback
    except ValueError:
        return False


def _text(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host


_CHECKS: dict[str, Callable[[tuple[Any, ...]], bool]] = {
    "socket.connect": _goes_to_here,
    "socket.sendto": _goes_to_here,
    "socket.sendmsg": _goes_to_here,
    "socket.getaddrinfo": _asks_nobody,
    "socket.gethostbyname": _asks_nobody,
}
