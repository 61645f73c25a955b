"""The compact encoder: a narrow VGG-16."""

import torch

from impasto.networks import compact
from impasto.networks.vgg import VGG, layer_names


def test_it_has_vgg16s_layers_up_to_relu5_1():
    names = layer_names(16)
    assert compact.build().layer_names == names[: names.index("relu5_1") + 1]


def test_it_has_half_of_vgg16s_channels():
    shapes = {name: tensor.shape for name, tensor in compact.build().state_dict().items()}
    with torch.device("meta"):
        full = VGG(16, last="relu5_1").state_dict()
    assert list(shapes) == list(full)
    for name, shape in shapes.items():
        assert shape[0] * 2 == full[name].shape[0]


def test_its_weights_fit_in_six_megabytes_of_half_precision():
    assert sum(tensor.numel() for tensor in compact.build().state_dict().values()) * 2 < 6e6


def test_its_first_layer_repeats_the_border():
    network = compact.build()
    flat = network(torch.full((1, 3, 8, 8), 0.7), ["conv1_1"])["conv1_1"]
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))
