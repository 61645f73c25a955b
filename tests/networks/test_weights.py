"""Downloads run over real HTTP, from a server of the test on this machine."""

import gc
import hashlib
import pickle
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from impasto.errors import DownloadError, InputError, SettingError, WeightsError
from impasto.networks import weights
from impasto.networks.vgg import VGG

CONTENT = bytes(range(256)) * 5000
WIDTHS = (2, 3, 4, 5, 6)


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
    small = weights.OfficialFile(f"vgg19-{digest[:8]}.pth", len(CONTENT), digest, 19, "tests")
    monkeypatch.setitem(weights.OFFICIAL, "vgg19", small)
    return folder


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def one_line(error: pytest.ExceptionInfo) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_official_names_carry_their_hash():
    assert set(weights.OFFICIAL) == {"vgg16", "vgg19"}
    for name, file in weights.OFFICIAL.items():
        assert file.filename == f"{name}-{file.sha256[:8]}.pth"
        assert len(file.sha256) == 64


def test_cache_is_the_platforms_folder_by_default(monkeypatch):
    monkeypatch.delenv("IMPASTO_CACHE", raising=False)
    assert weights.cached_path("vgg16").name == "vgg16-397923af.pth"
    assert "impasto" in weights.cached_path("vgg16").parts


def test_fetch_downloads_once(server, cache):
    path = weights.fetch("vgg19", base_url=server.url + "/good/")
    assert path == weights.cached_path("vgg19")
    assert path.read_bytes() == CONTENT
    assert weights.fetch("vgg19", base_url=server.url + "/good/") == path
    assert server.requests == [f"/good/{path.name}"]
    assert left_in(cache) == [path]


@pytest.mark.parametrize("kind", ["good", "unsized"])
def test_fetch_tells_progress(kind, server, cache):
    told = []
    weights.fetch("vgg19", base_url=f"{server.url}/{kind}", progress=lambda *now: told.append(now))
    done, total = zip(*told, strict=True)
    assert set(total) == {len(CONTENT)}
    assert list(done) == sorted(done)
    assert 0 < done[0] < done[-1] == len(CONTENT)


def test_fetch_is_silent(server, cache, capfd):
    weights.fetch("vgg19", base_url=server.url + "/good")
    assert capfd.readouterr() == ("", "")


def test_fetch_refuses_another_file(server, cache):
    with pytest.raises(WeightsError, match="SHA-256 differs") as error:
        weights.fetch("vgg19", base_url=server.url + "/altered")
    one_line(error)
    assert left_in(cache) == []


@pytest.mark.parametrize(
    ("kind", "reason"), [("broken", "ChunkedEncodingError"), ("absent", "HTTP 404 Not Found")]
)
def test_failed_fetch_says_what_to_do(kind, reason, server, cache):
    with pytest.raises(DownloadError) as error:
        weights.fetch("vgg19", base_url=f"{server.url}/{kind}")
    message = one_line(error)
    assert f"({reason})" in message
    for needed in (server.url, "(1 MB)"):
        assert needed in message
    assert message.endswith(f"at {weights.cached_path('vgg19')}")
    assert left_in(cache) == []


def test_fetch_with_the_server_down(server, cache):
    url = server.url
    server.server_close()
    with pytest.raises(WeightsError, match=r"\(ConnectionError\): put .* at "):
        weights.fetch("vgg19", base_url=url)


def test_fetch_into_an_unusable_cache(server, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match=r"cannot download .* \(File exists\)|Not a directory"):
        weights.fetch("vgg19", base_url=server.url + "/good")


def test_fetch_replaces_a_cut_file(server, cache):
    path = weights.cached_path("vgg19")
    path.parent.mkdir()
    path.write_bytes(CONTENT[:100])
    assert not weights.is_cached("vgg19")
    weights.fetch("vgg19", base_url=server.url + "/good")
    assert path.read_bytes() == CONTENT


def test_interrupted_fetch_leaves_nothing(server, cache):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.fetch("vgg19", base_url=server.url + "/good", progress=stop)
    assert left_in(cache) == []


def test_fetch_of_an_unknown_name():
    with pytest.raises(SettingError, match="'vgg11'; there are: vgg16, vgg19"):
        weights.fetch("vgg11")


def test_verify_reads_in_full_and_removes_what_is_damaged(cache):
    path = weights.cached_path("vgg19")
    with pytest.raises(WeightsError, match="not fetched yet"):
        weights.verify("vgg19")
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    weights.verify("vgg19")
    path.write_bytes(b"x" + CONTENT[1:])
    assert weights.is_cached("vgg19")
    with pytest.raises(WeightsError, match=r"removed: .*impasto weights fetch vgg19"):
        weights.verify("vgg19")
    assert not path.exists()


@pytest.fixture
def network() -> VGG:
    return VGG(19, widths=WIDTHS)


def official_like(network: VGG) -> dict[str, torch.Tensor]:
    """The network's weights together with a classifier's, as in torchvision's files."""
    return network.state_dict() | {"classifier.0.weight": torch.ones(4, 4)}


def write(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
    return path


@pytest.mark.parametrize("name", ["own.pth", "own.pt", "own.safetensors", "OWN.PTH"])
def test_load_into_ignores_the_classifier(name, network, tmp_path):
    path = write(tmp_path / name, official_like(network))
    other = VGG(19, widths=WIDTHS)
    weights.load_into(other, path)
    torch.testing.assert_close(other.state_dict(), network.state_dict())


def test_load_reads_the_format_of_the_official_files(network, tmp_path):
    """torchvision's VGG files are older than torch's zip format."""
    path = tmp_path / "old.pth"
    torch.save(official_like(network), path, _use_new_zipfile_serialization=False)
    torch.testing.assert_close(weights.load(path), official_like(network))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_load_into_widens_half_precision(dtype, network, tmp_path):
    halves = {key: value.to(dtype) for key, value in network.state_dict().items()}
    weights.load_into(network, write(tmp_path / "half.safetensors", halves))
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}


class Malicious:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_refused(zipped, tmp_path):
    path, victim = tmp_path / "evil.pth", tmp_path / "ran"
    evil = {"features.0.weight": Malicious(victim)}
    torch.save(evil, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"evil\.pth: .*can run code"):
        weights.load(path)
    assert not victim.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", ["empty", "text", "half", "pickle"])
def test_broken_file_is_one_line(suffix, content, network, tmp_path):
    path = write(tmp_path / f"broken{suffix}", network.state_dict())
    whole = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"<html>Sign in to the wireless network</html>",
            "half": whole[: len(whole) // 2],
            "pickle": pickle.dumps(["no", "weights"]),
        }[content]
    )
    with pytest.raises(WeightsError, match=f"broken{suffix}: ") as error:
        weights.load(path)
    one_line(error)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none.pth", "no such file"), ("", "is a folder"), ("weights.ckpt", r"come in \.pth, ")],
)
def test_unusable_path_is_an_input_error(name, reason, tmp_path):
    (tmp_path / "weights.ckpt").touch()
    with pytest.raises(InputError, match=reason) as error:
        weights.load(tmp_path / name)
    assert str(tmp_path / name) in one_line(error)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (torch.ones(2, 3, 3, 3, dtype=torch.int64), "no tensor of floating-point"),
        (torch.ones(0), "no tensor of floating-point"),
        (3.0, "no tensor of floating-point"),
        (torch.full((2,), torch.nan), "a NaN or an infinity"),
        (torch.tensor([0.0, -torch.inf]), "a NaN or an infinity"),
        (torch.tensor([0.0, torch.inf], dtype=torch.float16), "a NaN or an infinity"),
    ],
)
def test_entry_that_is_no_weight_is_named(entry, reason, tmp_path):
    path = write(tmp_path / "odd.pth", {"good": torch.ones(1), "features.0.bias": entry})
    with pytest.raises(WeightsError, match=rf"odd\.pth: features\.0\.bias .*{reason}"):
        weights.load(path)


@pytest.mark.parametrize("holds", [{}, [torch.ones(1)], torch.ones(1)])
def test_file_without_names_is_refused(holds, tmp_path):
    path = tmp_path / "nameless.pth"
    torch.save(holds, path)
    with pytest.raises(WeightsError, match="holds no weights by name"):
        weights.load(path)


def test_weights_of_another_depth_are_refused(network, tmp_path):
    path = write(tmp_path / "other.pth", VGG(16, widths=WIDTHS).state_dict())
    with pytest.raises(WeightsError, match=r"another network: \d+ of 32 entries are missing"):
        weights.load_into(network, path)


def test_weights_of_another_width_are_refused(network, tmp_path):
    path = write(tmp_path / "wide.pth", VGG(19, widths=(9, 3, 4, 5, 6)).state_dict())
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(WeightsError, match=r"shape \(9, 3, 3, 3\) instead of \(2, 3, 3, 3\)"):
        weights.load_into(network, path)
    torch.testing.assert_close(network.state_dict(), before)


@pytest.fixture(scope="module")
def full_vgg16(tmp_path_factory):
    """A file with VGG-16's real shapes, 59 MB; half a value everywhere."""
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in VGG(16).state_dict().items()}
    path = tmp_path_factory.mktemp("full") / "vgg16.safetensors"
    return write(path, {key: torch.full(shape, 0.5) for key, shape in shapes.items()})


def test_encoder_is_ready_to_use(full_vgg16):
    encoder = weights.encoder("vgg16", weights=full_vgg16, first_padding="replicate")
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert all(bool((parameter == 0.5).all()) for parameter in encoder.parameters())
    first = encoder.features[0]
    assert first.padding_mode == "replicate"
    assert first.weight.is_contiguous(memory_format=torch.channels_last)


def test_encoder_takes_the_cached_official_file(full_vgg16, monkeypatch):
    size = full_vgg16.stat().st_size
    known = weights.OfficialFile(full_vgg16.name, size, "unread", 16, "tests")
    monkeypatch.setenv("IMPASTO_CACHE", str(full_vgg16.parent))
    monkeypatch.setitem(weights.OFFICIAL, "vgg16", known)
    encoder = weights.encoder("vgg16", pooling="average")
    assert isinstance(encoder.features[4], torch.nn.AvgPool2d)
    assert encoder.features[0].padding_mode == "zeros"


def test_encoder_compact_loads_from_a_file(tmp_path):
    from impasto.networks import compact

    trained = compact.build()
    path = write(tmp_path / "compact.safetensors", trained.state_dict())
    encoder = weights.encoder("compact", weights=path)
    torch.testing.assert_close(encoder.state_dict(), trained.state_dict())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_encoder_compact_cannot_pad_with_zeros():
    with pytest.raises(SettingError, match="pads by replicating"):
        weights.encoder("compact", first_padding="zero")


def test_encoder_of_an_unknown_name():
    with pytest.raises(SettingError, match="'vgg11'; there are: compact, vgg16, vgg19"):
        weights.encoder("vgg11")
