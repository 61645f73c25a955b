"""Losses of paintings against closed forms."""

from dataclasses import fields, replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.painter import Palette
from impasto.training import painting_losses as losses
from impasto.training.painting_losses import (
    Statistics,
    Target,
    Weights,
    contrasts,
    painting_losses,
    spectrum,
    weighted,
)
from impasto.training.teacher import LAYERS, Seen, statistics


def seen_in(features: dict[str, Tensor]) -> dict[str, Seen]:
    return {layer: Seen(f, *statistics(f)) for layer, f in features.items()}


def statistics_of(seen: dict[str, Seen], count: int = 2) -> Statistics:
    gram = {k: s.gram[:count] for k, s in seen.items()}
    return Statistics(gram, {k: s.mean[:count] for k, s in seen.items()})


@pytest.fixture
def features() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {layer: torch.rand(2, 6, 8, 8) for layer in LAYERS}


def test_relative_is_symmetrical_and_free_of_scale() -> None:
    x, y = torch.rand(3, 5), torch.rand(3, 5)
    there, back = losses.relative(x, y, 1), losses.relative(y, x, 1)
    torch.testing.assert_close(there, back)
    torch.testing.assert_close(losses.relative(100 * x, 100 * y, 1), there)
    opposite = losses.relative(x, -x, 1)
    torch.testing.assert_close(opposite, torch.full((3,), 2.0))


def test_a_style_distance_of_nothing_is_nothing(features: dict[str, Tensor]) -> None:
    seen = seen_in(features)
    style = statistics_of(seen)
    assert losses.style_distance(seen, style, 0.0) < 1e-3


def test_pooled_statistics_let_pictures_share_the_work(features: dict[str, Tensor]) -> None:
    """Two pictures, neither with the style's statistics, that have them together."""
    seen = seen_in(features)
    gram = {k: s.gram.mean(0, keepdim=True) for k, s in seen.items()}
    mean = {k: s.mean.mean(0, keepdim=True) for k, s in seen.items()}
    style = Statistics(gram, mean)
    assert losses.style_distance(seen, style, 1.0) < 1e-3
    assert losses.style_distance(seen, style, 0.0) > 0.05


def test_content_ignores_contrast_and_unrelated_pictures_are_at_one() -> None:
    torch.manual_seed(0)
    features = torch.randn(1, 64, 32, 32)
    assert losses.content_distance(3 * features + 1, features) < 1e-4
    assert losses.content_distance(torch.randn(1, 64, 32, 32), features) == pytest.approx(
        1, abs=0.05
    )


def test_self_similarity_ignores_what_is_common_to_all_positions() -> None:
    torch.manual_seed(0)
    features = torch.randn(1, 8, 4, 4)
    turned = torch.einsum("cd,ndhw->nchw", torch.linalg.qr(torch.randn(8, 8)).Q, features)
    assert losses.self_similarity_distance(turned, features) < 1e-4
    assert losses.self_similarity_distance(features.flip(3), features) > 0.1


def test_palette_distance_sees_small_accents_of_colour() -> None:
    torch.manual_seed(0)
    grey = torch.full((1, 3, 64, 64), 0.5)
    accents = grey.clone()
    accents[:, :, :16, :16] = torch.tensor([0.9, 0.1, 0.1]).view(1, 3, 1, 1)
    colours = F.avg_pool2d(grey, 2)[0].flatten(1).T
    assert losses.palette_distance(grey, colours) < 1e-3
    assert losses.palette_distance(accents, colours) > 0.02


def test_roots_are_roots() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 3, 20, dtype=torch.double)
    matrices = x @ x.mT
    root, inverse = losses.roots(matrices)
    torch.testing.assert_close(root @ root, matrices)
    torch.testing.assert_close(root @ inverse, torch.eye(3, dtype=torch.double).expand(4, 3, 3))


def test_recoloured_photos_have_the_palette() -> None:
    torch.manual_seed(0)
    photo = 0.4 + 0.2 * torch.rand(2, 3, 32, 32)
    style = 0.3 + 0.3 * torch.rand(1, 3, 32, 32)
    palette = losses.palette_of(style)
    found = losses.palette_of(losses.recoloured(photo, palette))
    torch.testing.assert_close(found.mean, palette.mean.expand(2, -1), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.root, palette.root.expand(2, -1, -1), atol=5e-3, rtol=0)


def test_contrasts_tell_flat_areas_and_contours_from_even_texture() -> None:
    torch.manual_seed(0)
    even = 0.5 + 0.2 * torch.randn(1, 3, 128, 128)
    parted = torch.full((1, 3, 128, 128), 0.5)
    parted[..., :32] += 0.4 * torch.randn(1, 3, 128, 32)
    wanted = losses.contrasts(parted)
    assert losses.contrast_distance(parted, wanted) < 1e-4
    assert losses.contrast_distance(parted[..., :64, :], wanted) < 0.02  # of another size
    assert losses.contrast_distance(even, wanted) > 0.04


def test_only_power_that_the_style_lacks_is_an_excess() -> None:
    torch.manual_seed(0)
    brushwork = 0.5 + 0.1 * torch.randn(1, 3, 128, 128)
    across = torch.arange(128) * (2 * torch.pi * 3 / 8)  # a weave with a period of 8 / 3 pixels
    woven = brushwork + 0.1 * torch.cos(across)
    wanted = losses.spectrum(brushwork)
    assert losses.excess(brushwork, wanted) == 0
    assert losses.excess(0.5 * brushwork, wanted) == 0
    assert losses.excess(woven, wanted) > 0.02
    peak = losses.spectrum(woven).mean(0).argmax()
    assert peak == 12  # of 32


def test_tone_holds_lightness_more_than_hues() -> None:
    photo = torch.full((1, 3, 32, 32), 0.5)
    lighter = photo + 0.1
    redder = photo + torch.tensor([0.2, -0.1, -0.1]).view(1, 3, 1, 1)
    assert losses.tone_distance(lighter, photo) > 3 * losses.tone_distance(redder, photo) > 0


@pytest.mark.parametrize("own", [False, True], ids=["a style", "the photo's own"])
def test_every_loss_has_a_weight(features: dict[str, Tensor], own: bool) -> None:
    image = torch.rand(2, 3, 32, 32)
    seen = seen_in(features)
    target = Target(
        statistics_of(seen, 1),
        statistics_of(seen, 1),
        Palette(torch.zeros(1, 3), torch.eye(3)[None]),
        torch.rand(100, 3),
        contrasts(torch.rand(1, 3, 64, 64)),
        spectrum(torch.rand(1, 3, 64, 64)),
    )
    found = painting_losses(image, image, seen, seen, features, None if own else target, 0.7)
    assert found["content"] < 1e-5
    assert found["tone"] == 0
    assert ("identity" in found) is own
    none = Weights(*[0.0] * len(fields(Weights)))
    assert weighted(found, none, 1.0) == 0
    only_content = replace(none, content=2.0)
    doubled = weighted({"content": torch.tensor(1.0)}, only_content, 3.0)
    assert doubled == 6
