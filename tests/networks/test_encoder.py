"""What the interface of encoders promises, measured on those that there are."""

import pytest
import torch
from torch import Tensor

from impasto.errors import SettingError
from impasto.networks import compact
from impasto.networks.encoder import Encoder
from impasto.networks.vgg import VGG

WIDTHS = (4, 5, 6, 7, 7)


@pytest.fixture(
    params=[
        lambda: VGG(16, widths=WIDTHS),
        lambda: VGG(19, widths=WIDTHS, pooling="average", first_padding="replicate"),
        compact.build,
    ],
    ids=["VGG-16", "VGG-19", "compact"],
)
def encoder(request) -> Encoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = request.param().requires_grad_(False)
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.fill_(0.1)  # so that few features die in the dark
    return network


def image(side: int) -> Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))


def test_features_come_by_name_in_the_order_of_depth(encoder):
    asked = {"relu3_1", "relu1_1", "relu2_1"}
    found = encoder(image(32), asked)
    assert list(found) == ["relu1_1", "relu2_1", "relu3_1"]
    names = encoder.layer_names
    assert sorted(found, key=names.index) == list(found)
    assert names.index("relu1_1") < names.index("relu5_1")


def test_the_stride_is_that_of_the_features(encoder):
    found = encoder(image(64), encoder.layer_names)
    for layer, features in found.items():
        assert features.shape[2:] == (64 // encoder.stride(layer),) * 2


@pytest.mark.parametrize("layer", ["relu1_2", "pool1", "relu4_1", "relu5_1"])
def test_the_smallest_side_just_suffices(encoder, layer):
    side = encoder.minimum_side([layer, "conv1_1"])
    assert encoder(image(side), [layer])[layer].shape[2:] == (1, 1)
    if side > 1:
        with pytest.raises(SettingError, match=f"40 x {side - 1} .* {layer}, which needs {side} "):
            encoder(torch.zeros(1, 3, side - 1, 40), [layer])


@pytest.mark.parametrize("layer", ["relu1_1", "relu3_1", "relu5_1"])
def test_features_depend_on_no_more_than_the_receptive_field(encoder, layer):
    picture = image(320).requires_grad_()
    features = encoder(picture, [layer])[layer]
    stride, radius = encoder.stride(layer), encoder.receptive_radius([layer])
    row = features.shape[2] // 2
    [gradient] = torch.autograd.grad(features[:, :, row].square().sum(), picture)
    rows = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows.min() >= row * stride - radius
    assert rows.max() < (row + 1) * stride + radius
    assert rows.max() - rows.min() >= stride + radius, "a gross overestimate"


def test_the_deepest_layer_has_the_largest_receptive_field(encoder):
    assert encoder.receptive_radius(["relu2_1", "relu1_1"]) == encoder.receptive_radius(["relu2_1"])
    assert encoder.receptive_radius(["relu2_1"]) > encoder.receptive_radius(["relu1_1"])


@pytest.mark.parametrize("deepest", ["relu1_1", "relu2_1", "relu4_1"])
def test_values_are_counted_down_to_the_deepest_layer(encoder, deepest):
    """Rectified values take the place of those before, so a layer's are counted once."""
    names = encoder.layer_names[: encoder.layer_names.index(deepest) + 1]
    rectified = [name for name in names if name.startswith("relu")]
    values = sum(features.numel() for features in encoder(image(64), rectified).values())
    assert encoder.values_per_pixel([deepest, "relu1_1"]) == values / 64**2


def test_recomputed_features_and_gradients_are_the_same(encoder):
    layers, gradients = ["relu1_1", "relu3_1"], []
    for recompute in (False, True):
        picture = image(32).requires_grad_()
        found = encoder(picture, layers, recompute=recompute)
        loss = sum(features.square().sum() for features in found.values())
        gradients += torch.autograd.grad(loss, picture)
    torch.testing.assert_close(*gradients)


def test_other_layers_are_refused(encoder):
    for ask in (encoder.stride, lambda layer: encoder.receptive_radius([layer])):
        with pytest.raises(SettingError, match="relu6_1"):
            ask("relu6_1")
