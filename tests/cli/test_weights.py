import hashlib
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from impasto.cli.weights import app
from impasto.errors import MissingExtraError, SettingError, WeightsError
from impasto.networks import weights

CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """An empty cache, and a small file in place of the official VGG-19."""
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    digest = hashlib.sha256(CONTENT).hexdigest()
    small = weights.OfficialFile("vgg19.pth", len(CONTENT), digest, 19, "the encoder of Gatys")
    monkeypatch.setitem(weights.OFFICIAL, "vgg19", small)
    return tmp_path


def run(*words: str) -> str:
    """The output of `impasto weights ...`, which must succeed; errors pass through."""
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == 0
    return result.stdout


def test_list_says_what_is_there(cache):
    assert "the encoder of Gatys\n  0 MB, not fetched" in run("list")
    (cache / "vgg19.pth").write_bytes(CONTENT)
    listed = run("list")
    assert f"0 MB, fetched\n  {cache / 'vgg19.pth'}\n" in listed
    assert "vgg16: the encoder of Johnson's perceptual loss and of STROTSS\n  553 MB" in listed
    assert "compact: the default encoder" in listed
    (cache / "vgg19.pth").write_bytes(CONTENT[1:])
    assert "0 MB, damaged" in run("list")


def test_fetch_downloads_and_prints_the_path(cache, monkeypatch):
    def download(url, path, file, progress):
        assert url == "https://download.pytorch.org/models/vgg19.pth"
        progress(len(CONTENT), file.size)
        path.write_bytes(CONTENT)

    monkeypatch.setattr(weights, "_download", download)
    assert run("fetch", "vgg19") == f"vgg19: {cache / 'vgg19.pth'}\n"


def test_a_download_that_fails_is_one_line(fails, cache, monkeypatch):
    monkeypatch.setattr(weights, "BASE_URL", "http://127.0.0.1:9")  # where nobody answers
    line = fails("cannot download", "weights", "fetch", "vgg19", exit_code=1)
    assert line.endswith(f": put vgg19.pth (0 MB) at {cache / 'vgg19.pth'}")


def test_the_advice_on_a_failed_download_fits_the_command(fails, wave, cache, monkeypatch):
    monkeypatch.setattr(weights, "BASE_URL", "http://127.0.0.1:9")
    there = f"put vgg19.pth (0 MB) at {cache / 'vgg19.pth'}"
    folder = wave.parent
    words = ("evaluate", "--contents", folder, "--styles", folder)
    line = fails("cannot download", *words, exit_code=1)
    assert line.endswith(f"{there}, name a copy with --judge FILE, or choose --judge compact")
    words = ("train", "encoder", "--images", folder, "--out", folder / "run")
    line = fails("cannot download", *words, "--teacher", "vgg19", exit_code=1)
    assert line.endswith(f"{there} or name a copy with --teacher FILE")
    line = fails("cannot", "optimize", wave, "-s", wave, "--encoder", "vgg19", exit_code=1)
    assert line.endswith("name a copy with --weights FILE, or choose --encoder compact")


def test_fetch_checks_every_name_first(monkeypatch):
    monkeypatch.setattr(weights, "_download", lambda *_: pytest.fail("downloaded"))
    with pytest.raises(SettingError, match="'vgg20'"):
        run("fetch", "vgg19", "vgg20")


def test_verify_finds_damage(cache):
    assert run("verify") == "no weights have been fetched\n"
    (cache / "vgg19.pth").write_bytes(CONTENT)
    assert run("verify") == "vgg19: sound\n"
    (cache / "vgg19.pth").write_bytes(CONTENT[::-1])
    with pytest.raises(WeightsError, match="damaged"):
        run("verify")


def test_missing_extra_is_named(monkeypatch):
    monkeypatch.delenv("IMPASTO_CACHE")
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtraError, match=r'pip install "impasto\[torch\]"'):
        run("verify")


def test_runs_without_importing_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from impasto.cli.weights import list_files; list_files()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
