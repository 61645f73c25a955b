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
    identity_losses,
    joined,
    painting_losses,
    peaks,
    spectra,
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
    assert losses.style_distance(seen, style, 0.0).max() < 1e-3


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
    colours = F.avg_pool2d(grey, 2).flatten(2).mT
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
    wanted = losses.contrasts(parted, 1)
    assert losses.contrast_distance(parted, wanted) < 1e-4
    assert losses.contrast_distance(parted[..., :64, :], wanted) < 0.02  # of another size
    assert losses.contrast_distance(even, wanted) > 0.04


def test_only_power_that_the_style_lacks_is_an_excess() -> None:
    torch.manual_seed(0)
    brushwork = 0.5 + 0.1 * torch.randn(1, 3, 128, 128)
    across = torch.arange(128) * (2 * torch.pi * 3 / 8)  # a weave with a period of 8 / 3 pixels
    woven = brushwork + 0.1 * torch.cos(across)
    wanted, _ = losses.spectra(brushwork, 1)
    assert losses.excess(wanted, wanted) == 0
    assert losses.excess(losses.spectra(0.5 * brushwork, 1)[0], wanted) == 0
    power, _ = losses.spectra(woven, 1)
    assert losses.excess(power, wanted) > 0.02
    assert power.mean((0, 1))[:16].argmax() == 12  # of 32


def test_a_faint_weave_in_a_plain_area_is_a_lattice() -> None:
    """And strokes, edges and the same weave in the style are none."""
    torch.manual_seed(0)
    half_plain = 0.5 + 0.1 * torch.randn(1, 3, 128, 128)
    half_plain[..., :64] = 0.5
    columns = torch.arange(128) * (2 * torch.pi / 4)
    weave = torch.cos(columns)[:, None] * torch.cos(columns)
    woven = half_plain + 0.02 * weave
    _, plain_logs = losses.spectra(half_plain, 1)
    _, woven_logs = losses.spectra(woven, 1)
    wanted = losses.peaks(plain_logs)
    found = losses.lattice(woven_logs, wanted)
    assert found > 0.01
    assert losses.lattice(woven_logs, losses.peaks(woven_logs)) == 0
    edge = half_plain.clone()
    edge[..., 30:34] = 0.9  # a line has power at all frequencies across it
    assert losses.lattice(losses.spectra(edge, 1)[1], wanted) < found / 2


def test_tone_holds_lightness_more_than_hues() -> None:
    photo = torch.full((1, 3, 32, 32), 0.5)
    lighter = photo + 0.1
    redder = photo + torch.tensor([0.2, -0.1, -0.1]).view(1, 3, 1, 1)
    assert losses.tone_distance(lighter, photo) > 3 * losses.tone_distance(redder, photo) > 0


@pytest.fixture
def target(features: dict[str, Tensor]) -> Target:
    """A style with the statistics of the first of `features`."""
    style = statistics_of(seen_in(features), 1)
    picture = torch.rand(1, 3, 64, 64)
    power, logs = spectra(picture, 1)
    palette = Palette(torch.zeros(1, 3), torch.eye(3)[None])
    return Target(
        style, style, palette, torch.rand(1, 100, 3), contrasts(picture, 1), power, peaks(logs)
    )


@pytest.mark.parametrize("own", [False, True], ids=["a style", "the photo's own"])
def test_every_loss_has_a_weight(features: dict[str, Tensor], target: Target, own: bool) -> None:
    image = torch.rand(2, 3, 32, 32)
    seen = seen_in(features)
    if own:
        found = identity_losses(image, image, seen, features)
    else:
        found = painting_losses(image, image, seen, features, seen, target, 0.7)
    assert found["content"].shape == (2,)
    assert found["content"].max() < 1e-5
    assert found["tone"] == 0
    assert ("identity" in found) is own
    none = Weights(*[0.0] * len(fields(Weights)))
    assert weighted(found, none, 1.0) == 0
    only_content = replace(none, content=2.0)
    assert weighted({"content": torch.tensor(1.0)}, only_content, 3.0) == 6
    each = torch.tensor([1.0, 3.0])
    assert weighted({"content": torch.tensor([1.0, 2.0])}, only_content, each) == 7


def test_styles_of_a_step_do_not_mix(features: dict[str, Tensor], target: Target) -> None:
    """The losses of two styles together, two photos each, are the means of their losses alone."""
    image = torch.rand(4, 3, 32, 32)
    wanted = {layer: torch.cat([f, f.flip(2).square()]) for layer, f in features.items()}
    seen = seen_in(wanted)

    def found(part: slice, target: Target) -> dict[str, Tensor]:
        some = {k: Seen(*(x[part] for x in s)) for k, s in seen.items()}
        photo = {k: x[part].flip(3) for k, x in wanted.items()}
        torch.manual_seed(0)
        return painting_losses(image[part], image[part] / 2, some, photo, some, target, 0.7)

    picture = torch.rand(1, 3, 64, 64).square()
    power, logs = spectra(picture, 1)
    style = statistics_of(seen_in({layer: 1 - f for layer, f in features.items()}), 1)
    other = Target(
        style,
        style,
        target.palette,
        torch.rand(1, 100, 3),
        contrasts(picture, 1),
        power,
        peaks(logs),
    )
    alone = [found(slice(0, 2), target), found(slice(2, 4), other)]
    together = found(slice(0, 4), joined([target, other]))
    swapped = found(slice(0, 4), joined([other, target]))
    assert all(swapped[k].mean() != together[k].mean() for k in ("style", "forms", "contrast"))
    for name, value in together.items():
        mean = torch.stack([losses[name].mean() for losses in alone]).mean()
        torch.testing.assert_close(value.mean(), mean, atol=1e-5, rtol=1e-4)
