import hashlib
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from typer.testing import CliRunner

from impasto.cli.weights import app
from impasto.errors import MissingExtraError, SettingError, WeightsError
from impasto.networks import downloads

CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """An empty cache, and a small file in place of the official VGG-19."""
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    digest = hashlib.sha256(CONTENT).hexdigest()
    small = downloads.OfficialFile("vgg19.pth", len(CONTENT), digest)
    monkeypatch.setitem(downloads.OFFICIAL, "vgg19", small)
    return tmp_path


def run(*words: str) -> str:
    """The output of `impasto weights ...`, which must succeed; errors pass through."""
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == 0
    return result.stdout


def test_list_says_what_is_there(cache):
    assert "its successors (BSD 3-Clause)\n  0 MB, not fetched" in run("list")
    (cache / "vgg19.pth").write_bytes(CONTENT)
    listed = run("list")
    assert f"0 MB, fetched\n  {cache / 'vgg19.pth'}\n" in listed
    assert "STROTSS (CC BY 4.0)\n  ships with impasto, nothing to fetch" in listed
    assert "compact: the fast encoder" in listed
    (cache / "vgg19.pth").write_bytes(CONTENT[1:])
    assert "0 MB, damaged" in run("list")


@pytest.fixture
def server(tmp_path_factory, monkeypatch):
    """A server with the file, in place of PyTorch's; the paths that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{running.server_port}/models"
        monkeypatch.setattr(downloads, "BASE_URL", address)
        yield asked
        running.shutdown()
        thread.join()


def test_fetch_downloads_once_and_prints_the_path(cache, server):
    for _ in range(2):
        assert run("fetch", "vgg19") == f"vgg19: {cache / 'vgg19.pth'}\n"
    assert server == ["/models/vgg19.pth"]
    assert (cache / "vgg19.pth").read_bytes() == CONTENT


def test_the_official_files_are_pytorch_s():
    assert downloads.BASE_URL == "https://download.pytorch.org/models"


@pytest.fixture
def offline(monkeypatch):
    """A machine whose way to the network leads to where nobody answers."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def test_a_download_that_fails_is_one_line(fails, cache, offline):
    line = fails("cannot download", "weights", "fetch", "vgg19", exit_code=1)
    assert line.endswith(f": put vgg19.pth (0 MB) at {cache / 'vgg19.pth'}")


def test_the_advice_on_a_failed_download_fits_the_command(fails, wave, cache, offline):
    there = f"put vgg19.pth (0 MB) at {cache / 'vgg19.pth'}"
    folder = wave.parent
    words = ("evaluate", "--contents", folder, "--styles", folder)
    line = fails("cannot download", *words, exit_code=1)
    assert line.endswith(f"{there}, name a copy with --judge FILE, or choose --judge vgg16")
    line = fails("cannot", "optimize", wave, "-s", wave, "--encoder", "vgg19", exit_code=1)
    assert line.endswith("name a copy with --weights FILE, or choose --encoder vgg16")


def test_fetch_checks_every_name_first(server):
    with pytest.raises(SettingError, match="'vgg20'"):
        run("fetch", "vgg19", "vgg20")
    assert server == []


def test_verify_finds_damage(cache):
    assert run("verify") == "compact: sound\nvgg16: sound\nvgg19: not fetched\n"
    (cache / "vgg19.pth").write_bytes(CONTENT)
    assert run("verify").endswith("vgg19: sound\n")
    (cache / "vgg19.pth").write_bytes(CONTENT[::-1])
    with pytest.raises(WeightsError, match="damaged"):
        run("verify")


def test_missing_extra_is_named(monkeypatch):
    monkeypatch.delenv("IMPASTO_CACHE")
    monkeypatch.setitem(sys.modules, "pooch", None)
    advice = 'downloading weights needs more packages: pip install "impasto[torch]"'
    assert f"0 MB, {advice}\n  nowhere yet\n" in run("list")
    assert run("verify") == f"compact: sound\nvgg16: sound\nvgg19: {advice}\n"
    with pytest.raises(MissingExtraError, match=re.escape(advice)):
        run("fetch", "vgg19")


def test_runs_without_importing_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from impasto.cli.weights import list_files; list_files()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
