"""The compact encoder: a narrow VGG-19 that loads what its training writes."""

from importlib import resources

import pytest
import torch
from safetensors.torch import save_file

from impasto.errors import WeightsError
from impasto.networks import compact
from impasto.networks.vgg import VGG, layer_names


def test_it_has_vgg19s_layers_up_to_relu5_1():
    names = layer_names(19)
    assert compact.build().layer_names == names[: names.index("relu5_1") + 1]


def test_it_has_a_quarter_of_vgg19s_channels():
    shapes = {name: tensor.shape for name, tensor in compact.build().state_dict().items()}
    with torch.device("meta"):
        full = VGG(19, last="relu5_1").state_dict()
    assert list(shapes) == list(full)
    for name, shape in shapes.items():
        assert shape[0] * 4 == full[name].shape[0]


def test_its_weights_fit_in_four_megabytes_of_half_precision():
    assert sum(tensor.numel() for tensor in compact.build().state_dict().values()) * 2 < 4e6


def test_its_first_layer_repeats_the_border():
    network = compact.build()
    flat = network(torch.full((1, 3, 8, 8), 0.7), ["conv1_1"])["conv1_1"]
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_it_loads_half_precision_weights_from_a_file(tmp_path, pooling):
    torch.manual_seed(0)
    trained = compact.build(pooling=pooling)
    halves = {name: tensor.half() for name, tensor in trained.state_dict().items()}
    save_file(halves, tmp_path / "weights.safetensors")
    trained.load_state_dict(halves)
    read = compact.load(tmp_path / "weights.safetensors", pooling=pooling)
    image = torch.rand(1, 3, 32, 32)
    found, wanted = (net(image, ["relu1_1", "relu5_1"]) for net in (read, trained))
    for layer in wanted:
        assert found[layer].dtype == torch.float32
        assert torch.equal(found[layer], wanted[layer])


def test_weights_of_another_network_are_refused(tmp_path):
    narrow = VGG(19, widths=(4, 4, 4, 4, 4), last="relu5_1")
    save_file(narrow.state_dict(), tmp_path / "narrow.safetensors")
    with pytest.raises(WeightsError, match="another network") as caught:
        compact.load(tmp_path / "narrow.safetensors")
    assert "\n" not in str(caught.value)


def test_the_weights_that_ship_are_those_that_load_by_default():
    shipped = resources.files("impasto.assets") / compact.ASSET
    if not shipped.is_file():
        pytest.skip("the compact encoder has not been trained yet")
    with resources.as_file(shipped) as path:
        assert path.stat().st_size <= 4e6
        expected = compact.load(path).state_dict()
    for name, tensor in compact.load().state_dict().items():
        assert torch.equal(tensor, expected[name])
