"""How the encoder sees a picture: continued past its border, and by tiles as in one piece."""

import pytest
import torch
from torch import Tensor

from impasto.networks.vgg import VGG
from impasto.perceptual.features import PADDING, FeatureExtractor, crop

LAYERS = ("relu2_2", "relu1_1", "relu2_1", "relu3_1")


@pytest.fixture
def encoder() -> VGG:
    torch.manual_seed(0)
    network = VGG(19, widths=(6, 8, 10, 12, 12), last="relu5_1")
    return network.requires_grad_(False).eval()


def picture(seed: int, height: int = 24, width: int = 32) -> Tensor:
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(seed))


def see(encoder: VGG, image: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
    return FeatureExtractor(encoder, layers).features(image)


@pytest.mark.parametrize("shape", [(24, 32), (33, 47), (50, 16)])
def test_features_seen_are_as_large_as_without_the_frame(encoder, shape):
    image = picture(6, *shape)
    framed, plain = see(encoder, image, LAYERS), encoder(image, LAYERS)
    for layer, features in framed.items():
        for seen, usual in zip(features.shape[2:], plain[layer].shape[2:], strict=True):
            assert abs(seen - usual) <= 1


def test_far_from_the_border_the_frame_changes_nothing(encoder):
    image = picture(6, 64, 64)
    framed, plain = see(encoder, image, ("relu2_1",)), encoder(image, ("relu2_1",))
    inside = (..., slice(8, -8), slice(8, -8))
    torch.testing.assert_close(framed["relu2_1"][inside], plain["relu2_1"][inside])


def test_the_border_is_seen_as_a_part_of_what_is_mirrored_there(encoder):
    """A picture that is its own mirror image goes on past its border as it would anyway."""
    quarter = picture(6, 40, 40)
    rows = torch.cat([quarter.flip(2)[:, :, :-1], quarter], dim=2)
    whole = torch.cat([rows.flip(3)[..., :-1], rows], dim=3)
    corner = see(encoder, quarter, ("relu1_1",))["relu1_1"]
    middle = encoder(whole, ["relu1_1"])["relu1_1"][..., 39:, 39:]
    torch.testing.assert_close(corner[..., :-PADDING, :-PADDING], middle[..., :-PADDING, :-PADDING])


# Tiles

DEEP = ("relu1_1", "relu2_2", "relu3_1", "relu4_2", "relu5_1")


@pytest.mark.parametrize("shape", [(100, 230), (64, 64), (333, 90), (16, 300)])
@pytest.mark.parametrize("tile", [64, 100])
def test_features_by_tiles_are_those_of_the_whole_picture(encoder, shape, tile):
    image = picture(6, *shape)
    whole, tiled = (
        FeatureExtractor(encoder, DEEP, tile=side).features(image) for side in (None, tile)
    )
    for layer, features in whole.items():
        torch.testing.assert_close(tiled[layer], features)


def test_a_crop_is_a_slice_whose_gradient_has_channels_last():
    features = torch.rand(1, 4, 9, 7).contiguous(memory_format=torch.channels_last)
    weights = torch.rand(1, 4, 5, 3)
    gradients = []
    for cut in (lambda f: f[..., 2:7, 1:4], lambda f: crop(f, slice(2, 7), slice(1, 4))):
        leaf = features.clone().requires_grad_()
        gradients += torch.autograd.grad((cut(leaf) * weights).sum(), leaf)
    sliced, cropped = gradients
    torch.testing.assert_close(cropped, sliced)
    assert cropped.is_contiguous(memory_format=torch.channels_last)


def test_every_position_is_in_one_tile(encoder):
    image = picture(6, 150, 201)
    extractor = FeatureExtractor(encoder, DEEP, tile=64)
    counts = {layer: torch.zeros(size) for layer, size in extractor.sizes(image).items()}

    def count(part):
        for layer, (rows, columns) in part.places.items():
            assert counts[layer][rows, columns].shape == part.features[layer].shape[2:]
            counts[layer][rows, columns] += 1
        return torch.zeros(())

    with torch.no_grad():
        extractor.total(image, count)
    for seen in counts.values():
        assert bool((seen == 1).all())


def test_tiles_keep_no_more_for_the_gradient_than_the_picture(encoder):
    image = picture(6, 200, 200).requires_grad_(True)

    def bytes_kept(tile):
        kept = {}

        def note(tensor):
            kept[tensor.data_ptr()] = tensor.nbytes
            return tensor

        extractor = FeatureExtractor(encoder, DEEP, tile=tile)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            total = extractor.total(image, lambda part: part.features["relu5_1"].square().sum())
        assert total.requires_grad
        return sum(kept.values())

    assert bytes_kept(64) < 0.1 * bytes_kept(None)


def test_a_mask_is_carried_to_the_size_of_every_layer(encoder):
    image, mask = picture(6, 83, 121), picture(8, 83, 121)[:, :1]
    extractor = FeatureExtractor(encoder, DEEP)
    for layer, guide in extractor.downsample_mask(mask).items():
        assert guide.shape == extractor.sizes(image)[layer]
        assert 0 <= guide.min() <= guide.max() <= 1
    torch.testing.assert_close(extractor.downsample_mask(mask)["relu1_1"], mask[0, 0])
    halves = torch.zeros_like(mask)
    halves[..., 64:] = 1
    for guide in extractor.downsample_mask(halves).values():
        middle = guide.shape[1] * 64 // 121
        assert not guide[:, : middle - 1].any()
        assert bool((guide[:, middle + 1 :] == 1).all())


@pytest.mark.parametrize("shape", [(83, 121), (64, 64), (71, 79), (95, 63)])
def test_a_mask_of_the_last_rows_or_columns_is_carried_to_every_layer(encoder, shape):
    """Where the picture does not end with a cell of a deep layer, the last cell sees the rest."""
    rows = torch.zeros(1, 1, *shape)
    rows[..., -2:, :] = 1
    columns = torch.zeros(1, 1, *shape)
    columns[..., -2:] = 1
    extractor = FeatureExtractor(encoder, DEEP)
    for down, across in zip(
        extractor.downsample_mask(rows).values(),
        extractor.downsample_mask(columns).values(),
        strict=True,
    ):
        assert down[-1].min() > 0
        assert not down[:-2].any()
        assert across[:, -1].min() > 0
        assert not across[:, :-2].any()
