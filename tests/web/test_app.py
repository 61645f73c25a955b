"""The application: every failure is JSON of one line."""

import asyncio
import logging

import httpx
import pytest

from impasto._version import __version__
from impasto.errors import DeviceError, InputError, MissingExtraError, SettingError
from impasto.web.api import Server
from impasto.web.app import create_app
from impasto.web.jobs import Jobs, QueueFullError
from impasto.web.limits import Limits


@pytest.fixture
def app(tmp_path):
    limits = Limits()
    jobs = Jobs(tmp_path / "jobs", limits)
    yield create_app(Server(jobs, limits))
    jobs.close()


@pytest.fixture
def get(app):
    """Asks for a path, without a socket."""

    def ask(path):
        async def asked():
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.get(path)

        return asyncio.run(asked())

    return ask


@pytest.mark.parametrize(
    ("problem", "status", "line"),
    [
        (InputError("photo.jpg: broken"), 422, "photo.jpg: broken"),
        (SettingError("size is 0"), 422, "size is 0"),
        (DeviceError("no GPU"), 500, "no GPU"),
        (MissingExtraError("optimization", "torch"), 501, "optimization needs more packages"),
        (InputError("two\nlines"), 422, "two lines"),
        (ZeroDivisionError("of ours"), 500, "the request failed; the log of the server says why"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_json_of_one_line(app, get, caplog, problem, status, line):
    @app.get("/fail")
    def fail():
        raise problem

    caplog.set_level(logging.CRITICAL)
    answer = get("/fail")
    assert answer.status_code == status
    assert answer.json()["error"].startswith(line)
    assert answer.json().keys() == {"error"}


def test_a_full_queue_says_when_to_come_again(app, get):
    @app.get("/fail")
    def fail():
        raise QueueFullError(17)

    answer = get("/fail")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "17")


def test_what_no_route_takes_is_json_too(app, get):
    @app.get("/double")
    def double(number: int):
        return 2 * number

    answer = get("/no-such-page")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})
    answer = get("/double?number=x")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("number: ")
    assert get("/double?number=4").json() == 8


def test_its_description_names_the_version(get):
    told = get("/openapi.json").json()
    assert (told["info"]["title"], told["info"]["version"]) == ("impasto", __version__)
    assert "/api/stylize" in told["paths"]
