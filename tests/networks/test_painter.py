"""The painter: shapes, vectors, palettes and shared statistics."""

import pytest
import torch

from impasto.networks.moments import SharedStats
from impasto.networks.painter import (
    INPUT_SCALE,
    MARGIN,
    MODULATED_CHANNELS,
    NORMALISED,
    STEM,
    VECTOR,
    Painter,
    Palette,
    ground,
    split,
)

PALETTE = Palette(torch.tensor([[0.6, 0.5, 0.3]]), 0.2 * torch.eye(3)[None])


@pytest.fixture(scope="module")
def painter() -> Painter:
    torch.manual_seed(0)
    painter, photo = Painter(), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        painter(photo, torch.zeros(1, VECTOR), PALETTE)  # in training: measures usual variances
    return painter.eval()


@pytest.mark.parametrize("size", [(24, 24), (40, 64)])
def test_paintings_have_the_photos_size(painter: Painter, size: tuple[int, int]) -> None:
    photo = torch.rand(2, 3, *size)
    with torch.no_grad():
        painted = painter(photo, torch.zeros(1, VECTOR), PALETTE)
    assert painted.shape == photo.shape
    assert painted.dtype == torch.float32


def test_styles_of_a_batch_are_painted_as_each_alone(painter: Painter) -> None:
    torch.manual_seed(0)
    photos, vectors = torch.rand(2, 3, 32, 32), torch.randn(2, VECTOR)
    palette = Palette(torch.rand(2, 3), torch.rand(2, 3, 3))
    with torch.no_grad():
        both = painter(photos, vectors, palette)
        for k in range(2):
            alone = painter(
                photos[k : k + 1],
                vectors[k : k + 1],
                Palette(palette.mean[k : k + 1], palette.root[k : k + 1]),
            )
            torch.testing.assert_close(both[k : k + 1], alone, atol=1e-4, rtol=1e-4)


def test_one_vector_paints_in_several_palettes(painter: Painter) -> None:
    torch.manual_seed(0)
    photos, vector = torch.rand(2, 3, 32, 32), torch.randn(1, VECTOR)
    palette = Palette(torch.rand(2, 3), torch.rand(2, 3, 3))
    with torch.no_grad():
        one, each = (painter(photos, v, palette) for v in (vector, vector.expand(2, -1)))
    torch.testing.assert_close(one, each, atol=1e-4, rtol=1e-4)


def test_a_vector_is_split_into_modulations_a_code_and_a_share() -> None:
    style = split(torch.zeros(2, VECTOR))
    assert [m.gain.shape[1] for m in style.modulations] == list(MODULATED_CHANNELS)
    assert all((m.gain == 1).all() and (m.shift == 0).all() for m in style.modulations)
    assert (style.code == 0).all()
    assert (style.hues == 0.5).all()


def test_the_vector_matters(painter: Painter) -> None:
    torch.manual_seed(0)
    photo = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        one, other = (painter(photo, v, PALETTE) for v in torch.randn(2, 1, VECTOR))
    assert (one - other).abs().mean() > 0.01


def test_the_palette_dyes_the_painting(painter: Painter) -> None:
    """Without the photo's hues, colours lie along what the palette allows."""
    vector = torch.zeros(1, VECTOR)
    vector[:, -1] = -30  # no hues of the photo's
    axis = torch.tensor([1.0, 0.5, 0.0])
    palette = Palette(torch.tensor([[0.5, 0.5, 0.5]]), 0.1 * torch.outer(axis, axis)[None])
    with torch.no_grad():
        painted = painter(torch.rand(1, 3, 32, 32), vector, palette) - 0.5
    assert painted.abs().max() > 1e-3
    torch.testing.assert_close(painted[:, 1], painted[:, 0] / 2, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(painted[:, 2], torch.zeros(1, 32, 32), atol=1e-5, rtol=0)


def test_the_ground_is_the_mean_colour_with_hues_of_large_areas() -> None:
    border = MARGIN + STEM
    wide = torch.zeros(1, 3, 32 + 2 * border, 64 + 2 * border)
    wide[:, 0, :, : 32 + border] = 0.6
    mean = torch.tensor([0.3, 0.3, 0.3])[None, :, None, None]
    found = ground(INPUT_SCALE * (wide - 0.5), mean, torch.ones(1, 1, 1, 1))
    assert found.shape == (1, 12, 16 + MARGIN, 32 + MARGIN)  # of 3 colours at 4 pixels each
    colours = found.reshape(1, 3, 4, *found.shape[2:])
    assert (colours.std(2) < 1e-6).all()
    torch.testing.assert_close(colours.mean((1, 2)), mean[:, 0].expand_as(colours[:, 0, 0]))
    assert colours[0, 0, 0, 16, MARGIN // 2 + 2] == pytest.approx(0.7)  # 0.3 + 0.6 - 0.2
    assert colours[0, 0, 0, 16, MARGIN // 2 + 30] == pytest.approx(0.3)
    without = ground(INPUT_SCALE * (wide - 0.5), mean, torch.zeros(1, 1, 1, 1))
    torch.testing.assert_close(without, mean[:, :1].expand_as(without))
    fine = torch.zeros_like(wide)
    fine[..., ::2, :] = 0.6  # stripes of a pixel
    found = ground(INPUT_SCALE * (fine - 0.5), mean, torch.ones(1, 1, 1, 1))
    assert (found.amax((2, 3)) - found.amin((2, 3))).max() < 1e-6


def test_parts_share_statistics(painter: Painter) -> None:
    photo = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        first = SharedStats(torch.zeros(1, 2, NORMALISED), torch.zeros(()))
        own = painter(photo, torch.zeros(1, VECTOR), PALETTE, first)
        assert first.measured.shape == (1, 2, NORMALISED)
        again = painter(
            photo, torch.zeros(1, VECTOR), PALETTE, SharedStats(first.measured, torch.ones(()))
        )
        torch.testing.assert_close(own, again, atol=1e-4, rtol=1e-4)
        foreign = SharedStats(first.measured * 2, torch.ones(()))
        assert (painter(photo, torch.zeros(1, VECTOR), PALETTE, foreign) - own).abs().max() > 1e-3


def test_a_plain_photo_is_painted_plain_up_to_the_border(painter: Painter) -> None:
    photo = torch.full((1, 3, 64, 64), 0.5)
    with torch.no_grad():
        painted = painter(photo, torch.zeros(1, VECTOR), PALETTE)
    spread = painted.amax((2, 3)) - painted.amin((2, 3))
    assert spread.max() < 0.2 * 0.08
