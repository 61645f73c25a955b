"""The studio without a browser: what its page holds, and what Gradio must not do."""

import base64
import os
import sys
import time

import httpx
import pytest
from gradio.data_classes import ImageData

from impasto.settings import StylizeSettings
from impasto.web import studio
from impasto.web.actions import Wish

from .running import running
from .test_server import program


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with running(folder, studio=True, keep_seconds=2) as told:
        told.folder = folder
        yield told


@pytest.fixture
def config(served):
    """What the page is made of."""
    return served.client.get("/config").json()


def test_gradio_calls_nobody(config):
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert config["analytics_enabled"] is False
    assert config["stylesheets"] == []
    assert config["space_id"] is None


def test_the_page_names_no_other_address(served):
    text = served.client.get("/").text + served.client.get("/theme.css").text
    for host in ("fonts.googleapis", "fonts.gstatic", "cdn.", "unpkg", "jsdelivr"):
        assert host not in text


def test_gradios_own_ways_in_are_shut(served, config):
    """Nobody but the page itself calls what the page calls."""
    assert all(event["api_visibility"] == "private" for event in config["dependencies"])
    told = served.client.get("/gradio_api/info").json()
    assert told["named_endpoints"] == told["unnamed_endpoints"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=http://192.0.2.1/x.png",
        "/gradio_api/proxy=http://192.0.2.1/x.png",
        "/file=/etc/passwd",
        "/gradio_api/file=" + os.path.abspath("pyproject.toml"),  # noqa: PTH100
    ],
)
def test_no_file_of_the_machine_is_given_out(served, path):
    answer = served.client.get(path)
    assert answer.status_code >= 400
    assert b"root:" not in answer.content
    assert b"build-system" not in answer.content


def test_uploads_go_after_their_time(served, photo_bytes):
    answer = served.client.post("/gradio_api/upload", files={"files": ("x.jpg", photo_bytes)})
    assert answer.status_code == 200
    kept = served.folder / "studio"
    assert [*kept.rglob("x.jpg")]
    assert os.name != "posix" or kept.stat().st_mode & 0o077 == 0
    deadline = time.monotonic() + 20
    while [*kept.rglob("x.jpg")] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [*kept.rglob("x.jpg")]


def test_an_upload_is_counted(tmp_path, photo_bytes):
    with running(tmp_path, studio=True, megabytes=0.001) as served:
        answer = served.client.post("/gradio_api/upload", files={"files": ("x.jpg", bytes(2000))})
        assert answer.status_code == 413


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C")
def test_the_page_takes_no_address(tmp_path):
    """Gradio fetches a picture that is given by its address; here it cannot."""
    with program(folder=tmp_path) as (address, _):
        client = httpx.Client(base_url=address, trust_env=False, timeout=60)
        events = client.get("/config").json()["dependencies"]
        [sheet] = [e for e in events if e["targets"] and len(e["inputs"]) == 1 and e["queue"]]
        away = {"path": "http://192.0.2.1/x.png", "meta": {"_type": "gradio.FileData"}}
        call = {"data": [away], "fn_index": sheet["id"], "session_hash": "s", "event_data": None}
        assert client.post("/gradio_api/queue/join", json=call).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data?session_hash=s") as answer:
            said = "".join(answer.iter_text())
        assert '"success":false' in said
        client.close()
    assert [*tmp_path.iterdir()] == [], "Gradio leaves no file"


def test_the_sliders_have_the_bounds_of_the_schema():
    brush = studio.slider("brush", "Brush", 0.1)
    assert (brush.minimum, brush.maximum, brush.value) == (0.1, 4, 1)
    assert "brush strokes" in brush.info


def test_every_colour_has_a_name():
    [colours] = [
        schema["enum"]
        for name, schema in studio.json_schema(StylizeSettings)["properties"].items()
        if name == "colour"
    ]
    assert [*studio.COLOURS] == colours


def test_what_a_webcam_takes_comes_as_a_text(photo_bytes):
    url = "data:image/jpeg;base64," + base64.b64encode(photo_bytes).decode()
    taken = studio.opened(ImageData(url=url))
    assert taken.examine(10_000) == ("JPEG", (96, 64))
    assert studio.opened(None) is None


def test_a_wish_has_the_order_of_the_page(config):
    """Of its inputs: Gradio hands them over by their places alone."""
    labels = {part["id"]: part["props"].get("label") for part in config["components"]}
    paint = max(config["dependencies"], key=lambda event: len(event["inputs"]))
    told = [labels[number] for number in paint["inputs"]]
    assert told == [
        "Photo",
        *[None, "A picture in the style", None, None],
        *["Second style", "How much of it", "Engine", "Quality", "Format of the download"],
        *["Strength", "Brush", "Colours", "Long side"],
    ]
    assert len(told) == len(Wish._fields)
