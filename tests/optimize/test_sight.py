"""How the encoder sees a picture: continued past its border, and by tiles as in one piece."""

import pytest
import torch
from torch import Tensor

from impasto.networks.vgg import VGG
from impasto.optimize.sight import FRAME, Sight

LAYERS = ("relu2_2", "relu1_1", "relu2_1", "relu3_1")


@pytest.fixture
def encoder() -> VGG:
    torch.manual_seed(0)
    network = VGG(19, widths=(6, 8, 10, 12, 12), last="relu5_1")
    return network.requires_grad_(False).eval()


def picture(seed: int, height: int = 24, width: int = 32) -> Tensor:
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(seed))


def see(encoder: VGG, image: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
    return Sight(encoder, layers).features(image)


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
    torch.testing.assert_close(corner[..., :-FRAME, :-FRAME], middle[..., :-FRAME, :-FRAME])
