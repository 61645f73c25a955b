import io
import socket
import threading
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.hostile import corpus

import impasto
from impasto.schema import json_schema
from impasto.settings import OptimizeSettings, StylizeSettings
from impasto.web.api import NOTICES, POLL_SECONDS

from .running import encoded, opened

QUICK = {"style": "great-wave", "size": "32", "steps": "2", "encoder": "compact"}
"""An optimization of a second."""


def error(answer, status):
    """The one line of an answer that refuses."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    line = answer.json()["error"]
    assert answer.json() == {"error": line}
    assert len(line.splitlines()) == 1
    return line


def optimize(server, photo, **fields):
    """The answer to a photo that is to be optimized quickly."""
    files = {"photo": ("photo.jpg", photo)}
    return server.client.post("/api/optimize", files=files, data=QUICK | fields)


def ended(server, name, seconds=300):
    """What is told of a job when it has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told = server.client.get(f"/api/jobs/{name}").json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_a_painting_is_that_of_the_library(server, photo_bytes):
    answer = server.stylize(photo_bytes, format="png")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert 'filename="photo-great-wave.png"' in answer.headers["content-disposition"]
    expected = impasto.stylize(photo_bytes, "great-wave", size=64, threads=1).to_pil()
    assert np.array_equal(opened(answer.content), expected)


def test_the_painting_has_the_format_and_the_metadata_of_the_photo(server, photo_bytes):
    answer = server.stylize(photo_bytes, size="")
    painting = opened(answer.content)
    assert (painting.format, painting.size) == ("JPEG", (96, 64))
    assert painting.getexif()[0x010E] == "the harbour"
    stripped = opened(server.stylize(photo_bytes, strip_metadata="true").content)
    assert 0x010E not in stripped.getexif()


def test_quality_makes_a_smaller_file(server, photo_bytes):
    usual, small = (server.stylize(photo_bytes, output_quality=q) for q in ("", "40"))
    assert len(small.content) < len(usual.content)


def test_what_the_user_should_know_is_in_a_header(server, blotches):
    frames = [blotches(seed, 64, 64).convert("P") for seed in (1, 2)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    answer = server.client.post(
        "/api/stylize", files={"photo": ("wave.gif", moving)}, data={"style": "great-wave"}
    )
    assert "only the first is used" in answer.headers[NOTICES]


def test_a_picture_is_a_style(server, photo_bytes, style_bytes):
    files = {"photo": photo_bytes, "style_file": ("glass.png", style_bytes)}
    answer = server.client.post("/api/stylize", files=files, data={"format": "png"})
    expected = impasto.stylize(photo_bytes, style_bytes, threads=1).to_pil()
    assert np.array_equal(opened(answer.content), expected)


def test_a_file_of_a_style_is_a_style(server, photo_bytes, tmp_path):
    path = tmp_path / "mine.npz"
    impasto.save_style(impasto.load_style("irises"), path)
    files = {"photo": photo_bytes, "style_file": ("mine.npz", path.read_bytes())}
    answer = server.client.post("/api/stylize", files=files, data={"format": "png"})
    expected = impasto.stylize(photo_bytes, "irises", threads=1).to_pil()
    assert np.array_equal(opened(answer.content), expected)


def test_styles_are_mixed_by_weight(server, photo_bytes):
    fields = {"style": ["great-wave", "irises"], "weight": ["3", "1"], "format": "png"}
    answer = server.stylize(photo_bytes, **fields)
    mixture = {"great-wave": 3, "irises": 1}
    expected = impasto.stylize(photo_bytes, mixture, size=64, threads=1).to_pil()
    assert np.array_equal(opened(answer.content), expected)


@pytest.mark.parametrize("kind", [StylizeSettings, OptimizeSettings])
def test_the_description_has_every_setting_of_the_schema(server, kind):
    route = "stylize" if kind is StylizeSettings else "optimize"
    told = server.client.get("/openapi.json").json()["paths"][f"/api/{route}"]["post"]
    form = told["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    for name, schema in json_schema(kind)["properties"].items():
        assert form[name]["description"] == schema["description"]
        [known] = [s for s in schema.get("anyOf", [schema]) if s != {"type": "null"}]
        for key in ("type", "enum", "minimum", "maximum"):
            assert form[name].get(key) == known.get(key), name


SETTINGS = {
    "size": "48",
    "strength": "0.5",
    "brush": "2",
    "colour": "luminance",
    "contrast": "0.3",
    "work_size": "40",
    "tile": "256",
    "threads": "1",
    "device": "cpu",
}
"""A value for every setting, none of them its default."""


def test_every_setting_is_heeded(server, photo_bytes):
    assert SETTINGS.keys() == json_schema(StylizeSettings)["properties"].keys()
    answer = server.stylize(photo_bytes, format="png", **SETTINGS)
    numbers = {"size": 48, "strength": 0.5, "brush": 2, "contrast": 0.3}
    numbers |= {"work_size": 40, "tile": 256, "threads": 1}
    settings = StylizeSettings(**SETTINGS | numbers)
    expected = impasto.stylize(photo_bytes, "great-wave", settings=settings).to_pil()
    assert np.array_equal(opened(answer.content), expected)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"size": "3"}, "size is 3; it must be from 16 to 16384"),
        ({"size": "wide"}, "size is 'wide'; it must be a whole number"),
        ({"size": "16000"}, "size 16000 makes a painting of 16000 x 10667 pixels"),
        ({"strength": "nan"}, "strength is nan"),
        ({"colour": "mauve"}, "colour is 'mauve'; it can be: style, luminance"),
        ({"threads": "1000"}, "threads is 1000; this server computes with at most"),
        ({"sise": "32"}, "there is no field 'sise'; did you mean size?"),
        ({"size": ["32", "48"]}, "size is given 2 times; give it once"),
        ({"format": "exe"}, "format is 'exe'; it can be: png, jpg"),
        ({"output_quality": "101"}, "quality is 101"),
        ({"strip_metadata": "perhaps"}, "strip-metadata is 'perhaps'; it must be true or false"),
        ({"weight": "1,2"}, "weight is '1,2'; it must be a number"),
        ({"weight": ["1", "2"]}, "there are 2 weights for 1 styles"),
        ({"weight": "0"}, "all styles have weight 0"),
        ({"style": "no such style"}, "style 'no such style': there is none"),
        ({"style": ""}, "there is no style; name one, or send its picture"),
        ({"device": "cuda"}, "cuda: "),
    ],
)
def test_a_wrong_setting_is_one_line(server, photo_bytes, fields, line):
    assert line in error(server.stylize(photo_bytes, **fields), 422)


def test_a_request_without_a_photo(server):
    assert "no photo" in error(
        server.client.post("/api/stylize", files={"style": (None, "x")}), 422
    )
    assert "as multipart/form-data" in error(server.client.post("/api/stylize", json={}), 415)


FOREIGN = ("/etc/passwd", "../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x.png",
           "https://example.org/photo.jpg", "C:\\photo.jpg", "\\\\server\\photo.jpg")  # fmt: skip
"""What no field takes: addresses, and paths on the server."""


@pytest.mark.parametrize("word", [*FOREIGN, str(Path(impasto.__file__).parent / "assets")])
def test_there_are_no_addresses_and_no_paths(server, photo_bytes, word):
    client = server.client
    assert "there is none" in error(server.stylize(photo_bytes, style=word), 422)
    for field in ("photo", "style_file"):
        form = {"photo": photo_bytes} | {field: (None, word)}
        data = {"style": "great-wave"}
        answer = client.post("/api/stylize", files=form, data=data)
        assert f"{field} is a text; send a file" in error(answer, 422)
    assert "a picture is sent as init_file" in error(optimize(server, photo_bytes, init=word), 422)
    for field in ("weights", "checkpoint", "resume", "model", "output", "url"):
        assert "no field" in error(optimize(server, photo_bytes, **{field: word}), 422)


def test_a_name_that_was_sent_is_never_a_path(server, photo_bytes):
    files = {"photo": ("../../../etc/\n\0passwd.jpg", photo_bytes)}
    answer = server.client.post("/api/stylize", files=files, data={"style": "great-wave"})
    assert answer.status_code in (200, 400)
    files = {"photo": ("C:\\photos\\harbour.jpg", photo_bytes)}
    answer = server.client.post("/api/stylize", files=files, data={"style": "great-wave"})
    assert 'filename="harbour-great-wave.jpg"' in answer.headers["content-disposition"]


def test_nothing_that_needs_the_network_is_begun(server, photo_bytes, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    answer = optimize(server, photo_bytes, encoder="vgg19")
    assert "vgg19 is not on this server" in error(answer, 422)


def malformed():
    """Files that cannot be painted, each another way; some may be painted in part."""
    yield from islice(corpus.truncations(), 0, None, 3)
    yield from islice(corpus.flips(), 0, None, 3)
    yield from (odd for odd in corpus.lies() if odd.size is None)
    yield from islice(corpus.bombs(), 3)  # of which the others take long to make


def test_malformed_uploads_are_refused_in_one_line_and_the_server_lives(server, photo_bytes):
    refused = 0
    for odd in malformed():
        files = {"photo": (odd.name, odd.content)}
        data = {"style": "great-wave", "strength": "0"}
        answer = server.client.post("/api/stylize", files=files, data=data)
        if answer.status_code == 200 and odd.doubtful:
            continue
        assert error(answer, 422).startswith(f"{odd.name}: ")
        refused += 1
    assert refused >= 50
    assert server.stylize(photo_bytes).status_code == 200
    assert server.client.get("/api/health").json()["waiting"] == 0


@pytest.mark.parametrize("field", ["photo", "style_file"])
def test_pixels_are_counted_before_they_are_decoded(serve, photo_bytes, field):
    large = encoded(Image.new("L", (1100, 1000)), "PNG")[:100]  # decoding it would fail
    with serve(megapixels=1) as server:
        form = {"photo": ("photo.jpg", photo_bytes)} | {field: ("large.png", large)}
        answer = server.client.post("/api/stylize", files=form, data={"style": "great-wave"})
    assert error(answer, 422) == (
        "large.png: 1100 x 1000 pixels is more than 1 megapixels; scale it down first"
    )


def test_a_photo_has_64_megapixels_at_most_unless_somebody_says():
    from impasto.web.limits import Limits

    assert Limits().pixels == 64_000_000


BROKEN_FORMS = (
    b"",
    b"--b\r\n",
    b"--b",
    b"--x\r\n\r\n--x--",
    b'--b\r\nContent-Disposition: form-data; name="photo"; filename="x"\r\n\r\ncut',
    b"--b\r\nContent-Disposition: form-data\r\n\r\nnameless\r\n--b--\r\n",
    b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n",
    b'--b\r\nContent-Disposition: form-data; name="size"\r\n\r\n' + b"9" * 20_000 + b"\r\n--b--",
    b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\n\xff\xfe\r\n--b--\r\n',
    b"".join(
        b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nx\r\n' for _ in range(200)
    )
    + b"--b--\r\n",
)


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile")  # Starlette forgets a file cut short
@pytest.mark.parametrize("number", range(len(BROKEN_FORMS)))
def test_a_broken_form_is_refused_in_one_line(server, number):
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = server.client.post("/api/stylize", content=BROKEN_FORMS[number], headers=kind)
    assert error(answer, answer.status_code)
    assert 400 <= answer.status_code < 500


def test_a_form_without_a_boundary(server):
    kind = {"content-type": "multipart/form-data"}
    assert error(server.client.post("/api/stylize", content=b"x", headers=kind), 400)


def test_a_full_queue_answers_503_with_the_time_to_wait(serve, photo_bytes):
    with serve(waiting=1) as server:
        free = server.block()
        waiting = threading.Thread(target=server.stylize, args=(photo_bytes,))
        waiting.start()
        while server.jobs.counts()["waiting"] < 1:
            time.sleep(0.01)
        answer = server.stylize(photo_bytes)
        free.set()
        waiting.join(20)
    assert "the queue is full" in error(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1


def test_one_painting_at_a_time(serve, photo_bytes):
    with serve(waiting=20) as server:
        most = []
        painters = [threading.Thread(target=server.stylize, args=(photo_bytes,)) for _ in range(6)]
        for painter in painters:
            painter.start()
        while any(painter.is_alive() for painter in painters):
            most.append(server.client.get("/api/health").json()["running"])
        assert max(most) == 1


def leave(server, photo, begun=None):
    """Send a request and go away without waiting for the answer, but for an event."""
    body = (
        b'--b\r\nContent-Disposition: form-data; name="photo"; filename="x.jpg"\r\n\r\n'
        + photo
        + b'\r\n--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nirises\r\n--b--\r\n'
    )
    connection = socket.create_connection(server.address)
    connection.sendall(
        b"POST /api/stylize HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b"
        b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    while begun is None and server.jobs.counts()["waiting"] < 1:
        time.sleep(0.01)
    assert begun is None or begun.wait(20)
    connection.close()


def test_who_leaves_gives_up_the_place_in_the_queue(serve, photo_bytes):
    with serve() as server:
        free = server.block()
        leave(server, photo_bytes)
        deadline = time.monotonic() + 10
        while server.jobs.counts()["waiting"] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.jobs.counts()["waiting"] == 0
        free.set()


def test_who_leaves_while_it_is_painted_leaves_nothing(serve, photo_bytes, monkeypatch, tmp_path):
    begun, free = threading.Event(), threading.Event()

    def paint(painter, photo):
        begun.set()
        assert free.wait(20)
        return real(painter, photo)

    real = impasto.Painter.paint
    monkeypatch.setattr(impasto.Painter, "paint", paint)
    with serve() as server:
        leaving = threading.Thread(target=leave, args=(server, photo_bytes, begun))
        leaving.start()
        leaving.join(20)
        time.sleep(3 * POLL_SECONDS)
        free.set()
        deadline = time.monotonic() + 20
        while server.jobs.counts()["running"] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.jobs.counts() == {"running": 0, "waiting": 0}
        while [*(tmp_path / "jobs").iterdir()] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [*(tmp_path / "jobs").iterdir()] == []


def test_optimization_is_a_job(server, photo_bytes):
    answer = optimize(server, photo_bytes)
    assert answer.status_code == 202
    told = ended(server, answer.json()["id"])
    assert (told["state"], told["progress"], told["error"]) == ("done", 1, None)
    result = server.client.get(told["result"]["url"])
    assert result.headers["content-type"] == told["result"]["media_type"] == "image/jpeg"
    painting = opened(result.content)
    assert painting.size == (told["result"]["width"], told["result"]["height"]) == (32, 21)
    assert painting.getexif()[0x010E] == "the harbour"
    assert opened(server.client.get(told["preview"]).content).size == (32, 21)
    assert opened(server.client.get(f"/api/jobs/{told['id']}/photo").content).size == (96, 64)
    assert server.client.delete(f"/api/jobs/{told['id']}").status_code == 204
    assert "no such job" in error(server.client.get(result.url), 404)


def test_optimization_starts_from_a_picture_that_was_sent(server, photo_bytes, style_bytes):
    files = {"photo": photo_bytes, "init_file": ("first.png", style_bytes)}
    answer = server.client.post("/api/optimize", files=files, data=QUICK)
    assert ended(server, answer.json()["id"])["state"] == "done"


def test_optimization_is_cancelled(server, photo_bytes):
    answer = optimize(server, photo_bytes, steps="100000")
    name = answer.json()["id"]
    job = server.jobs.find(name)
    deadline = time.monotonic() + 60
    while not server.client.get(f"/api/jobs/{name}").json()["progress"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "not done yet: running" in error(server.client.get(f"/api/jobs/{name}/result"), 409)
    assert server.client.delete(f"/api/jobs/{name}").status_code == 204
    while not job.ended or job.folder.exists():  # which is removed right after the end
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert job.state == "cancelled"


@pytest.mark.parametrize("path", ["", "/result", "/preview", "/photo"])
def test_a_job_that_does_not_exist(server, path):
    assert "no such job" in error(server.client.get(f"/api/jobs/nothing{path}"), 404)


def test_the_styles_are_listed_with_their_pictures(server):
    listed = server.client.get("/api/styles").json()
    [wave] = [style for style in listed if style["name"] == "great-wave"]
    assert "Hokusai" in wave["artist"]
    assert wave["title"]
    assert len(listed) >= 68
    picture = server.client.get(wave["thumbnail"])
    assert max(opened(picture.content).size) == 240
    assert error(server.client.get("/api/styles/nothing/thumbnail"), 404)


def test_the_users_own_styles_are_listed(server, tmp_path, monkeypatch, photo_bytes):
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path))
    impasto.save_style(impasto.load_style("irises"), tmp_path / "harbour.npz")
    first = server.client.get("/api/styles").json()[0]
    assert (first["name"], first["thumbnail"]) == ("harbour", None)
    assert server.stylize(photo_bytes, style="harbour").status_code == 200
    assert error(optimize(server, photo_bytes, style="harbour"), 422) == (
        "style 'harbour': has no picture, which optimization needs; send its picture"
    )


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/stylize"), ("DELETE", "/api/styles"), ("GET", "/api/nope")]
)
def test_what_no_route_takes_is_one_line(server, method, path):
    told = error(server.client.request(method, path), 404)
    assert told == f"{method} {path}: there is no such route; /docs lists them"


def test_health(server):
    told = server.client.get("/api/health").json()
    assert told == {
        "status": "ok",
        "version": impasto.__version__,
        "running": 0,
        "waiting": 0,
        "room": 8,
        "optimize": True,
    }


REQUESTS = 40
"""To look at the memory; `docs/web.md` has the figure of 200."""

GROWTH = 30
"""MB that may come and go."""


def resident():
    """MB of memory that this process has."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
def test_memory_is_flat(server, blotches):
    """Photos of many sizes, each painted, over and over."""
    photos = [encoded(blotches(n, 80 + 40 * n, 60 + 30 * n)) for n in range(5)]

    def paint(times):
        for number in range(times):
            photo = photos[number % len(photos)]
            assert server.stylize(photo, size="", work_size="64").status_code == 200
        return resident()

    before = paint(10)
    assert paint(REQUESTS) - before < GROWTH


def test_files_go_when_the_answer_has_been_sent(serve, photo_bytes, tmp_path):
    with serve() as server:
        assert server.stylize(photo_bytes).status_code == 200
        deadline = time.monotonic() + 5
        while [*(tmp_path / "jobs").iterdir()] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [*(tmp_path / "jobs").iterdir()] == []


def test_bytes_are_taken_in_pieces(server, photo_bytes):
    """As `curl -T -` sends them, without saying how many there will be."""

    def pieces():
        yield b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nirises\r\n'
        yield b'--b\r\nContent-Disposition: form-data; name="photo"; filename="x.jpg"\r\n\r\n'
        file = io.BytesIO(photo_bytes)
        while piece := file.read(100):
            yield piece
        yield b"\r\n--b--\r\n"

    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = server.client.post("/api/stylize", content=pieces(), headers=kind)
    assert answer.status_code == 200
