"""The expected layers and shapes are those of torchvision's published configurations."""

import copy

import pytest
import torch
from torch import Tensor, nn

from impasto.errors import SettingError
from impasto.networks.vgg import VGG, layer_names

# torchvision.models.vgg.cfgs: "M" is a pool.
CFG = {
    16: "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M",
    19: "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M",
}
CONVOLUTIONS = {
    16: (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    19: (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
}
NARROW = {"64": 4, "128": 5, "256": 6, "512": 7}
WIDTHS = (4, 5, 6, 7, 7)


def reference(depth: int, pool: nn.Module | None = None) -> nn.Sequential:
    """torchvision's `features`, built from its configuration with few channels."""
    layers: list[nn.Module] = []
    channels = 3
    for entry in CFG[depth].split():
        if entry == "M":
            layers.append(pool or nn.MaxPool2d(kernel_size=2, stride=2))
        else:
            layers += [nn.Conv2d(channels, NARROW[entry], kernel_size=3, padding=1), nn.ReLU()]
            channels = NARROW[entry]
    return nn.Sequential(*layers)


def normalised(image: Tensor) -> Tensor:
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    return (image - mean) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def every_layer(features: nn.Sequential, image: Tensor) -> list[Tensor]:
    found = []
    x = normalised(image)
    for layer in features:
        x = layer(x)
        found.append(x)
    return found


@pytest.fixture
def image() -> Tensor:
    return torch.rand(2, 3, 37, 50, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("depth", [16, 19])
def test_state_dict_is_torchvisions(depth):
    with torch.device("meta"):
        network = VGG(depth)
    widths = [int(entry) for entry in CFG[depth].split() if entry != "M"]
    inputs = [3, *widths[:-1]]
    expected = {}
    for index, before, after in zip(CONVOLUTIONS[depth], inputs, widths, strict=True):
        expected[f"features.{index}.weight"] = (after, before, 3, 3)
        expected[f"features.{index}.bias"] = (after,)
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == expected


@pytest.mark.parametrize(
    ("depth", "name", "index"),
    [
        # crowsonkb/style-transfer-pytorch: style layers 1, 6, 11, 20, 29, content layer 22.
        (19, "relu1_1", 1),
        (19, "relu2_1", 6),
        (19, "relu3_1", 11),
        (19, "relu4_1", 20),
        (19, "relu4_2", 22),
        (19, "relu5_1", 29),
        # pytorch/examples, fast_neural_style: slices that end before 4, 9, 16, 23.
        (16, "relu1_2", 3),
        (16, "relu2_2", 8),
        (16, "relu3_3", 15),
        (16, "relu4_3", 22),
        (16, "pool5", 30),
        (19, "pool5", 36),
    ],
)
def test_layer_names_stand_at_torchvisions_index(depth, name, index):
    assert layer_names(depth).index(name) == index


@pytest.mark.parametrize("depth", [16, 19])
def test_every_layer_equals_reference(depth, image):
    network = VGG(depth, widths=WIDTHS)
    features = reference(depth)
    features.load_state_dict(network.features.state_dict())
    found = network(image, network.layer_names)
    assert tuple(found) == layer_names(depth)
    for got, expected in zip(found.values(), every_layer(features, image), strict=True):
        torch.testing.assert_close(got, expected)


def test_convolution_keeps_its_negative_values_where_asked_for(image):
    network = VGG(19, widths=WIDTHS)
    found = network(image, ["conv2_1", "relu2_1"])
    assert found["conv2_1"].min() < 0
    torch.testing.assert_close(found["relu2_1"], found["conv2_1"].relu())


def test_rectifying_in_place_keeps_the_gradient(image):
    network = VGG(16, widths=WIDTHS)
    features = reference(16)
    features.load_state_dict(network.features.state_dict())
    gradients = []
    for deepest in (lambda x: network(x, ["relu3_3"])["relu3_3"], lambda x: _relu3_3(features, x)):
        picture = image.clone().requires_grad_()
        deepest(picture).square().sum().backward()
        gradients.append(picture.grad)
    torch.testing.assert_close(*gradients)


def _relu3_3(features: nn.Sequential, image: Tensor) -> Tensor:
    return every_layer(features[:16], image)[-1]


@pytest.mark.parametrize("first_padding", ["zero", "replicate"])
def test_frozen_kernels_give_the_gradients_of_learning_ones(first_padding, image):
    learning = VGG(16, widths=(4, 6, 8, 8, 8), last="relu3_1", first_padding=first_padding)
    frozen = copy.deepcopy(learning).requires_grad_(False)
    gradients = []
    for network in (learning, frozen):
        pixels = image.clone().requires_grad_()
        features = network(pixels, ("relu1_1", "relu2_1", "relu3_1"))
        loss = sum(f.square().sum() for f in features.values())
        gradients += torch.autograd.grad(loss, pixels)
    torch.testing.assert_close(*gradients)


def test_order_of_layers_asked_for_does_not_matter(image):
    network = VGG(19, widths=WIDTHS)
    assert list(network(image, {"relu3_1", "conv1_1", "pool2"})) == ["conv1_1", "pool2", "relu3_1"]


@pytest.mark.parametrize(
    ("layers", "convolutions"), [(["relu1_1"], 1), (["relu3_1", "relu2_1"], 5), ([], 0)]
)
def test_forward_stops_at_the_deepest(layers, convolutions, image):
    network = VGG(19, widths=WIDTHS)
    ran = []
    for layer in network.features:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda *_: ran.append(1))
    network(image, layers)
    assert len(ran) == convolutions


def test_average_pooling_is_doubled(image):
    network = VGG(19, widths=WIDTHS, pooling="average")
    found = network(image, ["relu1_2", "pool1"])
    expected = 2 * nn.functional.avg_pool2d(found["relu1_2"], 2)
    torch.testing.assert_close(found["pool1"], expected)


def test_replicate_padding_is_of_the_first_layer_only(image):
    network = VGG(19, widths=WIDTHS, first_padding="replicate")
    found = network(image, ["conv1_1", "relu1_1", "conv1_2"])
    first, second = network.features[0], network.features[2]
    padded = nn.functional.pad(normalised(image), (1, 1, 1, 1), mode="replicate")
    expected = nn.functional.conv2d(padded, first.weight, first.bias)
    torch.testing.assert_close(found["conv1_1"], expected)
    expected = nn.functional.conv2d(found["relu1_1"], second.weight, second.bias, padding=1)
    torch.testing.assert_close(found["conv1_2"], expected)


def test_padding_does_not_change_the_keys():
    with torch.device("meta"):
        zero, replicate = VGG(16), VGG(16, first_padding="replicate")
    assert list(zero.state_dict()) == list(replicate.state_dict())


def test_last_cuts_the_network():
    network = VGG(19, widths=WIDTHS, last="relu5_1")
    assert network.layer_names[-1] == "relu5_1"
    assert len(network.features) == 30
    with pytest.raises(SettingError, match="relu5_2"):
        network(torch.zeros(1, 3, 32, 32), ["relu5_2"])


def test_channels_last_gives_the_same(image):
    network = VGG(19, widths=WIDTHS)
    expected = network(image, ["relu4_1"])["relu4_1"]
    found = network.to(memory_format=torch.channels_last)(image, ["relu4_1"])["relu4_1"]
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("layer", "near"), [("relu4-1", "relu4_1"), ("relu6_1", "relu"), ("x", "conv1_1, ..., pool5")]
)
def test_unknown_layer_names_near_ones(layer, near):
    network = VGG(19, widths=WIDTHS)
    with pytest.raises(SettingError, match=rf"unknown layer '{layer}'; did you mean .*{near}"):
        network(torch.zeros(1, 3, 32, 32), [layer])


@pytest.mark.parametrize(
    "setting", [{"depth": 17}, {"pooling": "avg"}, {"first_padding": "same"}, {"last": "relu9_1"}]
)
def test_bad_setting_is_quoted(setting):
    with pytest.raises(SettingError, match=str(next(iter(setting.values())))):
        VGG(**{"depth": 19, "widths": WIDTHS} | setting)


def test_computing_in_bfloat16_spares_the_first_convolution():
    torch.manual_seed(0)
    exact = VGG(19, widths=(8, 8, 8, 8, 8), last="relu3_1").requires_grad_(False)
    rough = copy.deepcopy(exact).compute_in(torch.bfloat16)
    image = torch.rand(1, 3, 32, 32)
    wanted, found = (n(image, ("relu1_1", "relu3_1")) for n in (exact, rough))
    torch.testing.assert_close(found["relu1_1"], wanted["relu1_1"].bfloat16())
    assert found["relu3_1"].dtype == torch.bfloat16
    torch.testing.assert_close(found["relu3_1"].float(), wanted["relu3_1"], rtol=0.05, atol=0.02)


def test_stride_and_reach_and_values_of_vgg19():
    network = VGG(19)
    assert [network.stride(f"relu{n}_1") for n in range(1, 6)] == [1, 2, 4, 8, 16]
    assert [network.stride(name) for name in ("conv1_1", "pool1", "pool5")] == [1, 2, 32]
    assert network.receptive_radius(["relu1_1"]) == 1
    assert network.receptive_radius(["relu2_1", "relu1_1"]) == 1 + 1 + 2
    assert network.receptive_radius(["relu5_1"]) == 2 + 2 * 2 + 4 * 4 + 4 * 8 + 16
    assert network.values_per_pixel(["relu2_1"]) == 64 + 64 + 128 / 4
