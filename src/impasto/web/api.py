"""The HTTP API: routes under /api, described at /docs."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from impasto._version import __version__
from impasto.settings import OptimizeSettings, PaintSettings, StylizeSettings
from impasto.styles import library, names
from impasto.system.paths import printable
from impasto.web import work
from impasto.web.fields import Schema, form_schema, names_of, settings_from
from impasto.web.forms import FIELDS, INIT_FIELD, Form, read_form
from impasto.web.jobs import Job, Jobs, State, Work
from impasto.web.limits import Limits
from impasto.web.pictures import thumbnail

POLL_SECONDS = 0.25
"""Seconds between two checks whether the client is still connected."""

CLIENT_LEFT = 499
"""The status that nginx uses when the client has closed the connection."""

NOTICES = "x-impasto-notices"
"""The header with the notices of a painting: a JSON list of texts."""

_LONGEST_PATH = 64
"""Letters of an unknown path that an error repeats."""

_KEEP = {"cache-control": "private, no-store"}

router = APIRouter(prefix="/api")


@dataclass(frozen=True)
class Server:
    """The objects that all routes share."""

    jobs: Jobs
    limits: Limits


class StyleEntry(BaseModel):
    """A style in the library."""

    name: str
    title: str
    artist: str
    year: str
    thumbnail: str | None


class ResultEntry(BaseModel):
    """A finished painting."""

    url: str
    name: str
    media_type: str
    width: int | None
    height: int | None
    notices: list[str]


class JobEntry(BaseModel):
    """A painting that was requested, and its progress."""

    id: str
    kind: str
    state: State
    progress: float
    seconds_left: float | None
    ahead: int
    preview: str | None
    result: ResultEntry | None
    error: str | None


class Health(BaseModel):
    """The state of the server, and how busy it is."""

    status: str
    version: str
    running: int
    waiting: int
    room: int
    optimize: bool


def server_of(request: Request) -> Server:
    """Return the objects that all routes share."""
    server: Server = request.app.state.server
    return server


def _body(kind: type[PaintSettings], more: dict[str, Schema]) -> dict[str, Any]:
    """Describe the form of a route for OpenAPI."""
    schema = form_schema(kind, more, required=["photo"])
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


_ERROR = {"content": {"application/json": {"example": {"error": "one line on what is wrong"}}}}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    413: {"description": "the body is too large", **_ERROR},
    422: {"description": "a picture or a setting cannot be used", **_ERROR},
    503: {"description": "the queue is full; see Retry-After", **_ERROR},
}


@router.post(
    "/stylize",
    response_class=Response,
    responses={200: {"description": "the painting", "content": {"image/*": {}}}, **_REFUSALS},
    openapi_extra=_body(StylizeSettings, FIELDS),
)
async def stylize(request: Request) -> Response:
    """Paint a photo in one pass; the answer is the painting, in the photo's format.

    If the client closes the connection before the end, the painting is cancelled.
    """
    server = server_of(request)
    form = await read_form(request, [*FIELDS, *names_of(StylizeSettings)])

    def prepared() -> Work:
        settings = settings_from(StylizeSettings, form.texts)
        return work.stylize(form.photo, form.styles(), settings, form.saving(), server.limits)

    job = await _submitted(server, "stylize", form, prepared)
    if not await _ended(request, server.jobs, job):
        return Response(status_code=CLIENT_LEFT)
    if job.result is None:
        server.jobs.forget(job)
        return _failure(job)
    return _file(job, BackgroundTask(server.jobs.forget, job))


@router.post(
    "/optimize",
    status_code=202,
    responses=_REFUSALS,
    openapi_extra=_body(OptimizeSettings, FIELDS | INIT_FIELD),
)
async def optimize(request: Request) -> JobEntry:
    """Paint a photo by optimization, which takes minutes; the answer is a job.

    `/api/jobs/ID` shows its progress. The job continues if you disconnect; DELETE cancels it.
    """
    server = server_of(request)
    form = await read_form(request, [*FIELDS, *INIT_FIELD, *names_of(OptimizeSettings)])

    def prepared() -> Work:
        settings = settings_from(OptimizeSettings, form.texts)
        return work.optimize(
            form.photo,
            form.styles(),
            settings,
            form.saving(),
            server.limits,
            init=form.upload("init_file"),
        )

    return entry(server.jobs, await _submitted(server, "optimize", form, prepared))


JobId = Annotated[str, Path(alias="id", max_length=64, description="Of a job.")]
_GONE: dict[int | str, dict[str, Any]] = {404: {"description": "there is no such job", **_ERROR}}


@router.get("/jobs/{id}", responses=_GONE)
async def job_state(request: Request, name: JobId) -> JobEntry:
    """Return the progress of a painting."""
    return entry(server_of(request).jobs, _job(request, name))


@router.delete("/jobs/{id}", status_code=204, responses=_GONE)
async def cancel(request: Request, name: JobId) -> None:
    """Cancel a painting, or remove a finished one."""
    server_of(request).jobs.forget(_job(request, name))


@router.get(
    "/jobs/{id}/result",
    response_class=Response,
    responses={
        200: {"description": "the painting", "content": {"image/*": {}}},
        409: {"description": "it is not done", **_ERROR},
        **_GONE,
    },
)
async def result(request: Request, name: JobId) -> Response:
    """Return a finished painting in full resolution."""
    job = _job(request, name)
    if job.result is not None and job.ended:
        return _file(job)
    if job.ended:
        return _failure(job)
    raise HTTPException(409, f"not done yet: {job.state}, {job.progress:.0%}")


@router.get("/jobs/{id}/preview", response_class=Response, responses=_GONE)
async def preview(request: Request, name: JobId) -> Response:
    """Return the painting so far, or the finished one, as a reduced JPEG."""
    return _small(_job(request, name).preview)


@router.get("/jobs/{id}/photo", response_class=Response, responses=_GONE)
async def photo(request: Request, name: JobId) -> Response:
    """Return the photo of a job as a reduced JPEG."""
    return _small(_job(request, name).photo)


@router.get("/styles")
def styles() -> list[StyleEntry]:
    """List the styles that have names: first your own, then the built-in ones."""
    own = [
        StyleEntry(name=name, title="", artist="", year="", thumbnail=None) for name in names.own()
    ]
    shipped = [
        StyleEntry(
            name=name,
            title=style.title,
            artist=style.artist,
            year=style.year,
            thumbnail=f"/api/styles/{quote(name)}/thumbnail",
        )
        for name, style in library.shipped().items()
    ]
    return [*own, *shipped]


@router.get("/styles/{name}/thumbnail", response_class=Response)
def style_thumbnail(name: Annotated[str, Path(max_length=64)]) -> Response:
    """Return the picture of a built-in style as a small JPEG."""
    if name not in library.shipped():
        raise HTTPException(404, "there is no such style")
    kept = {"cache-control": "private, max-age=86400"}
    return Response(thumbnail(name), media_type="image/jpeg", headers=kept)


@router.get("/health")
def health(request: Request) -> Health:
    """Return the state of the server, and how busy it is."""
    server = server_of(request)
    return Health(
        status="ok",
        version=__version__,
        room=server.limits.waiting,
        optimize=find_spec("torch") is not None,
        **server.jobs.counts(),
    )


@router.api_route(
    "/{rest:path}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
    response_class=Response,
)
async def unknown(request: Request) -> Response:
    """Refuse what no other route takes, before the studio answers with a page."""
    path = printable(request.url.path[:_LONGEST_PATH])
    raise HTTPException(404, f"{request.method} {path}: there is no such route; /docs lists them")


def entry(jobs: Jobs, job: Job) -> JobEntry:
    """Describe a job."""
    url = f"/api/jobs/{job.id}"
    done = None
    if job.result is not None and job.state == "done":
        width, height = job.result.size or (None, None)
        done = ResultEntry(
            url=f"{url}/result",
            name=job.result.name,
            media_type=job.result.media_type,
            width=width,
            height=height,
            notices=list(job.result.notices),
        )
    return JobEntry(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=round(job.progress, 4),
        seconds_left=job.seconds_left,
        ahead=jobs.ahead(job),
        preview=None if job.preview is None else f"{url}/preview",
        result=done,
        error=job.error,
    )


async def _submitted(server: Server, kind: str, form: Form, prepared: Callable[[], Work]) -> Job:
    """Examine a request and put it into the queue; its files are closed when the job ends.

    Raises:
        ImpastoError: the request is wrong, or the queue is full.
    """
    try:
        job = server.jobs.submit(kind, await run_in_threadpool(prepared))
    except BaseException:
        form.close()
        raise
    server.jobs.on_end(job, form.close)
    return job


async def _ended(request: Request, jobs: Jobs, job: Job) -> bool:
    """Wait until a job ends; if the client disconnects, cancel the job and return False."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(ended.set)

    jobs.on_end(job, tell)
    waiting = asyncio.create_task(ended.wait())
    try:
        while not (await asyncio.wait({waiting}, timeout=POLL_SECONDS))[0]:
            if await request.is_disconnected():
                return False
        return True
    finally:
        if not job.ended:
            waiting.cancel()
            jobs.forget(job)


def _job(request: Request, name: str) -> Job:
    job = server_of(request).jobs.find(name)
    if job is None:
        raise HTTPException(404, "there is no such job, or it was removed")
    return job


def _file(job: Job, background: BackgroundTask | None = None) -> Response:
    """Answer with the file of a finished painting."""
    assert job.result is not None, "it is finished"
    return FileResponse(
        job.result.path,
        media_type=job.result.media_type,
        filename=job.result.name,
        headers=_KEEP | {NOTICES: json.dumps(job.result.notices)},
        background=background,
    )


def _small(picture: bytes | None) -> Response:
    if picture is None:
        raise HTTPException(404, "there is no picture yet")
    return Response(picture, media_type="image/jpeg", headers=_KEEP)


def _failure(job: Job) -> Response:
    """Raise the HTTP error that says why there is no painting."""
    if job.state == "cancelled":
        raise HTTPException(410, "cancelled")
    raise HTTPException(422 if job.is_users_fault else 500, job.error)
