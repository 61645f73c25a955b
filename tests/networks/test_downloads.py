"""Downloads run over real HTTP, from a server of the test on this machine."""

import gc
import hashlib
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from impasto.errors import DownloadError, SettingError, WeightsError
from impasto.networks import downloads

CONTENT = bytes(range(256)) * 5000


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, broken in the way that the first folder of the path names."""

    def do_GET(self):
        self.server.requests.append(self.path)
        kind = self.path.split("/")[1]
        if kind == "absent":
            self.send_error(404)
            return
        body = b"x" + CONTENT[1:] if kind == "altered" else CONTENT
        self.send_response(200)
        if kind != "unsized":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if kind == "broken" else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.url = f"http://127.0.0.1:{running.server_port}"
        yield running
        running.shutdown()
        thread.join()
    # A transfer that broke leaves its socket to the garbage collector, which would warn in
    # the middle of whatever test comes next.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, and a small file in place of the official VGG-19."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("IMPASTO_CACHE", str(folder))
    digest = hashlib.sha256(CONTENT).hexdigest()
    small = downloads.OfficialFile(f"vgg19-{digest[:8]}.pth", len(CONTENT), digest)
    monkeypatch.setitem(downloads.OFFICIAL, "vgg19", small)
    return folder


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def one_line(error: pytest.ExceptionInfo) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_official_names_carry_their_hash():
    assert set(downloads.OFFICIAL) == {"vgg19"}
    for name, file in downloads.OFFICIAL.items():
        assert file.filename == f"{name}-{file.sha256[:8]}.pth"
        assert len(file.sha256) == 64


def test_cache_is_the_platforms_folder_by_default(monkeypatch):
    monkeypatch.delenv("IMPASTO_CACHE", raising=False)
    assert downloads.cached_path("vgg19").name == "vgg19-dcbb9e9d.pth"
    assert "impasto" in downloads.cached_path("vgg19").parts


def test_fetch_downloads_once(server, cache):
    path = downloads.fetch("vgg19", base_url=server.url + "/good/")
    assert path == downloads.cached_path("vgg19")
    assert path.read_bytes() == CONTENT
    assert downloads.fetch("vgg19", base_url=server.url + "/good/") == path
    assert server.requests == [f"/good/{path.name}"]
    assert left_in(cache) == [path]


@pytest.mark.parametrize("kind", ["good", "unsized"])
def test_fetch_tells_progress(kind, server, cache):
    told = []
    downloads.fetch(
        "vgg19", base_url=f"{server.url}/{kind}", progress=lambda *now: told.append(now)
    )
    done, total = zip(*told, strict=True)
    assert set(total) == {len(CONTENT)}
    assert list(done) == sorted(done)
    assert 0 < done[0] < done[-1] == len(CONTENT)


def test_fetch_is_silent(server, cache, capfd):
    downloads.fetch("vgg19", base_url=server.url + "/good")
    assert capfd.readouterr() == ("", "")


def test_fetch_refuses_another_file(server, cache):
    with pytest.raises(WeightsError, match="SHA-256 differs") as error:
        downloads.fetch("vgg19", base_url=server.url + "/altered")
    one_line(error)
    assert left_in(cache) == []


@pytest.mark.parametrize(
    ("kind", "reason"), [("broken", "ChunkedEncodingError"), ("absent", "HTTP 404 Not Found")]
)
def test_failed_fetch_says_what_to_do(kind, reason, server, cache):
    with pytest.raises(DownloadError) as error:
        downloads.fetch("vgg19", base_url=f"{server.url}/{kind}")
    message = one_line(error)
    assert f"({reason})" in message
    for needed in (server.url, "(1 MB)"):
        assert needed in message
    assert message.endswith(f"at {downloads.cached_path('vgg19')}")
    assert left_in(cache) == []


def test_fetch_with_the_server_down(server, cache):
    url = server.url
    server.server_close()
    with pytest.raises(WeightsError, match=r"\(ConnectionError\): put .* at "):
        downloads.fetch("vgg19", base_url=url)


def test_fetch_into_an_unusable_cache(server, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match=r"cannot download .* \(File exists\)|Not a directory"):
        downloads.fetch("vgg19", base_url=server.url + "/good")


def test_fetch_replaces_a_cut_file(server, cache):
    path = downloads.cached_path("vgg19")
    path.parent.mkdir()
    path.write_bytes(CONTENT[:100])
    assert not downloads.is_cached("vgg19")
    downloads.fetch("vgg19", base_url=server.url + "/good")
    assert path.read_bytes() == CONTENT


def test_interrupted_fetch_leaves_nothing(server, cache):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        downloads.fetch("vgg19", base_url=server.url + "/good", progress=stop)
    assert left_in(cache) == []


def test_fetch_of_an_unknown_name():
    with pytest.raises(SettingError, match="'vgg11' can be fetched; these can: vgg19"):
        downloads.fetch("vgg11")


def test_verify_reads_in_full_and_removes_what_is_damaged(cache):
    path = downloads.cached_path("vgg19")
    with pytest.raises(WeightsError, match="not downloaded yet"):
        downloads.verify("vgg19")
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    downloads.verify("vgg19")
    path.write_bytes(b"x" + CONTENT[1:])
    assert downloads.is_cached("vgg19")
    with pytest.raises(WeightsError, match=r"removed; run impasto weights fetch vgg19"):
        downloads.verify("vgg19")
    assert not path.exists()
