"""The FastAPI application: the API, its documentation, and the handling of errors."""

import logging
from collections.abc import Collection
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from impasto._version import __version__
from impasto.errors import ImpastoError, MissingExtraError
from impasto.web.api import Server, router
from impasto.web.guard import Guard
from impasto.web.jobs import WRONG_INPUT, QueueFullError

_log = logging.getLogger(__name__)


def create_app(server: Server, hosts: Collection[str] = ()) -> FastAPI:
    """Build the application.

    Args:
        server: the queue and the bounds.
        hosts: host names that browsers may use for the server; an empty collection allows all.
    """
    app: FastAPI = FastAPIOffline(
        title="impasto",
        version=__version__,
        description='Turns photos into paintings. Every error is `{"error": "one line"}`.',
        docs_url="/docs",
        redoc_url=None,
    )
    app.state.server = server
    app.include_router(router)
    app.add_middleware(Guard, max_bytes=server.limits.bytes, hosts=hosts)
    app.add_exception_handler(ImpastoError, _impasto_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _unforeseen)
    return app


async def _impasto_error(request: Request, problem: Any) -> JSONResponse:
    if isinstance(problem, QueueFullError):
        return _error(503, str(problem), {"retry-after": str(problem.retry_after)})
    if isinstance(problem, MissingExtraError):
        return _error(501, str(problem))
    return _error(422 if problem.exit_code == WRONG_INPUT else 500, str(problem))


async def _http_error(request: Request, problem: Any) -> JSONResponse:
    return _error(problem.status_code, str(problem.detail), problem.headers)


async def _validation_error(request: Request, problem: Any) -> JSONResponse:
    first = problem.errors()[0]
    return _error(422, f"{first['loc'][-1]}: {first['msg']}")


async def _unforeseen(request: Request, problem: Exception) -> JSONResponse:
    _log.error("a request failed", exc_info=problem)
    return _error(500, "the request failed; the log of the server says why")


def _error(status: int, line: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": " ".join(line.split())}, status, headers)
