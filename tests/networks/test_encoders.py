"""The registry of encoders: what is told of them is true, and each loads ready to use."""

import hashlib
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from impasto.errors import SettingError, WeightsError
from impasto.networks import compact, downloads, encoders
from impasto.networks.vgg import VGG

SHIPPED = [name for name, spec in encoders.ENCODERS.items() if spec.asset is not None]


def write(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, path)
    return path


@pytest.fixture(scope="module")
def full_vgg16(tmp_path_factory):
    """A file with VGG-16's real shapes, 59 MB; half a value everywhere."""
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in VGG(16).state_dict().items()}
    path = tmp_path_factory.mktemp("full") / "vgg16.safetensors"
    return write(path, {key: torch.full(shape, 0.5) for key, shape in shapes.items()})


def test_encoder_is_ready_to_use(full_vgg16):
    encoder = encoders.load("vgg16", weights=full_vgg16, first_padding="replicate")
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert all(bool((parameter == 0.5).all()) for parameter in encoder.parameters())
    first = encoder.features[0]
    assert first.padding_mode == "replicate"
    assert first.weight.is_contiguous(memory_format=torch.channels_last)


def test_vgg19_is_the_cached_official_file(monkeypatch, tmp_path):
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in VGG(19).state_dict().items()}
    path = write(tmp_path / "vgg19.safetensors", {k: torch.zeros(s) for k, s in shapes.items()})
    known = downloads.OfficialFile(path.name, path.stat().st_size, "unread")
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    monkeypatch.setitem(downloads.OFFICIAL, "vgg19", known)
    encoder = encoders.load("vgg19", pooling="average")
    assert isinstance(encoder.features[4], torch.nn.AvgPool2d)
    assert encoder.features[0].padding_mode == "zeros"
    assert encoder.layer_names[-1] == "pool5"


def test_encoder_compact_loads_from_a_file(tmp_path):
    trained = compact.build()
    path = write(tmp_path / "compact.safetensors", trained.state_dict())
    encoder = encoders.load("compact", weights=path)
    torch.testing.assert_close(encoder.state_dict(), trained.state_dict())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_encoder_compact_cannot_pad_with_zeros():
    with pytest.raises(SettingError, match="pads by replicating"):
        encoders.load("compact", first_padding="zero")


def test_encoder_of_an_unknown_name():
    with pytest.raises(SettingError, match="'vgg11'; there are: compact, vgg16, vgg19"):
        encoders.load("vgg11")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_those_of_the_registry(name):
    spec = encoders.ENCODERS[name]
    content = (resources.files("impasto.assets") / spec.asset).read_bytes()
    assert hashlib.sha256(content).hexdigest() == spec.sha256
    assert encoders.is_sound(name)
    assert encoders.load(name).layer_names == spec.layers
    assert spec.layers[-1] == spec.last


@pytest.mark.parametrize("name", encoders.ENCODERS)
def test_cost_is_that_of_the_network(name):
    spec = encoders.ENCODERS[name]
    with torch.device("meta"):
        network = VGG(spec.depth, widths=spec.widths)
    names = network.layer_names[: network.layer_names.index("relu4_1")]
    named = zip(names, network.features, strict=False)
    convolutions = [(n, layer) for n, layer in named if isinstance(layer, nn.Conv2d)]
    work = sum(layer.weight.numel() / network.stride(n) ** 2 for n, layer in convolutions)
    assert spec.cost == pytest.approx(work / 1000, abs=0.05)


def test_vgg16_is_the_published_network():
    """The first numbers of some kernels, as other public projects print them; 8 bits keep two
    digits of the deep ones."""
    weights = encoders.load("vgg16").state_dict()
    first = weights["features.0.weight"][0, 2, 0] / (255 * 0.225)  # of blue, the first of BGR
    published = torch.tensor([0.42947057, 0.373467, -0.06136011])
    torch.testing.assert_close(first, published, rtol=1e-3, atol=1e-3)
    assert weights["features.24.weight"][0, 0, 0, 0] == pytest.approx(-0.0006, abs=3e-4)


def test_vgg16_finds_a_picture_of_its_own_contrast():
    """Deep features of the real network are sparse and large; random weights' are neither."""
    torch.manual_seed(0)
    noise = torch.rand(1, 3, 64, 64)
    features = encoders.load("vgg16")(noise, ["relu4_1"])["relu4_1"]
    assert 0.5 < (features == 0).float().mean() < 0.98


def test_a_file_of_ones_own_has_all_layers(full_vgg16):
    assert encoders.load("vgg16", weights=full_vgg16).layer_names[-1] == "pool5"


@pytest.mark.parametrize(("name", "depth"), [("vgg16", 16), ("vgg19", 19)])
def test_own_weights_are_recognized(name, depth, tmp_path):
    narrow = VGG(depth, widths=(2, 3, 4, 5, 6)).state_dict()
    assert encoders.recognize(write(tmp_path / "own.safetensors", narrow)) == name


def test_compact_weights_are_recognized(tmp_path):
    path = write(tmp_path / "own.safetensors", compact.build().state_dict())
    assert encoders.recognize(path) == "compact"


def test_registry_imports_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from impasto.networks import encoders; encoders.spec('vgg16')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_weights_of_another_network_are_refused(tmp_path):
    narrow = VGG(19, widths=(4, 4, 4, 4, 4), last="relu5_1")
    path = write(tmp_path / "narrow.safetensors", narrow.state_dict())
    with pytest.raises(WeightsError, match="another network") as caught:
        encoders.load("compact", weights=path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_half_precision_weights_load_from_a_file(tmp_path, pooling):
    torch.manual_seed(0)
    trained = compact.build(pooling=pooling)
    halves = {name: tensor.half() for name, tensor in trained.state_dict().items()}
    trained.load_state_dict(halves)
    path = write(tmp_path / "weights.safetensors", halves)
    read = encoders.load("compact", weights=path, pooling=pooling)
    image = torch.rand(1, 3, 32, 32)
    found, wanted = (net(image, ["relu1_1", "relu5_1"]) for net in (read, trained))
    for layer in wanted:
        assert found[layer].dtype == torch.float32
        torch.testing.assert_close(found[layer], wanted[layer])
