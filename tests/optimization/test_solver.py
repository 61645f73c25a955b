"""The solver on a narrow random VGG: what it paints, and what it does when something fails."""

import copy
import itertools
import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import DeviceError, ImpastoError
from impasto.networks.vgg import VGG
from impasto.optimization import memory, solver
from impasto.optimization.regions import StylePicture
from impasto.optimization.solver import PATIENCE, Images, Iterate, Solver, fitted, resized
from impasto.perceptual.features import PADDING
from impasto.scene import Region
from impasto.settings import OptimizeSettings

SETTINGS = OptimizeSettings(
    steps=4,
    content_layers=("relu2_2",),
    style_layers=("relu1_1", "relu2_1", "relu3_1"),
    structure_weight=0,
    palette_weight=0,
    tone_weight=0,
)
THREE_STEPS = replace(SETTINGS, steps=3)

OPTIMIZERS = ["adam", "lbfgs"]


class NarrowVGG(VGG):
    """Random and narrow; notes the size of every picture it is shown."""

    def __init__(self, last: str = "relu3_1") -> None:
        torch.manual_seed(0)
        super().__init__(19, widths=(8, 8, 10, 12, 12), last=last)
        for parameter in self.parameters():
            if parameter.ndim > 1:  # features as lively as a trained network's
                torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        self.requires_grad_(False).eval()
        self.seen: list[tuple[int, int]] = []

    def forward(self, image, layers, *, recompute=False):
        self.seen.append(tuple(image.shape[-2:]))
        return super().forward(image, layers, recompute=recompute)


class SpoiltVGG(NarrowVGG):
    """Spoils features, or only their gradients, on some of the passes that have gradients.

    Args:
        passes: which, counted from 0.
        part: "value" or "gradient".
    """

    def __init__(self, passes: range, part: str = "value") -> None:
        super().__init__()
        self.passes = passes
        self.part = part
        self.count = itertools.count()

    def forward(self, image, layers, *, recompute=False):
        found = super().forward(image, layers, recompute=recompute)
        if not image.requires_grad or next(self.count) not in self.passes:
            return found
        if self.part == "value":
            return {layer: features * math.nan for layer, features in found.items()}
        for features in found.values():
            features.register_hook(lambda gradient: gradient * math.nan)
        return found


class SmallMemoryVGG(NarrowVGG):
    """Has no memory for painting with a side longer than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, image, layers, *, recompute=False):
        if image.requires_grad and max(image.shape[-2:]) > self.limit:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return super().forward(image, layers, recompute=recompute)


def picture(seed: int, height: int, width: int) -> Tensor:
    """Smooth blotches, (1, 3, height, width)."""
    coarse = torch.rand((1, 3, 6, 6), generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


CONTENT, STYLE = picture(1, 30, 40), picture(2, 36, 36)
IMAGES = Images(CONTENT, [Region(None, [StylePicture(STYLE)])], CONTENT)
LARGE = replace(IMAGES, content=resized(CONTENT, (150, 200)))
"""Painted at 100 and at 200 pixels."""


def paint(
    settings: OptimizeSettings = SETTINGS, images: Images = IMAGES, encoder: VGG | None = None
) -> list[Iterate]:
    return list(Solver(encoder or NarrowVGG(), images, settings))


# Painting


@pytest.mark.parametrize("style_loss", ["wasserstein", "gram"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_loss_falls(optimizer, style_loss):
    rate = 0.05 if optimizer == "adam" else None  # the narrow encoder has no style to speak of
    words = {"optimizer": optimizer, "style_loss": style_loss, "learning_rate": rate}
    iterates = paint(replace(SETTINGS, steps=25, **words))
    assert iterates[-1].losses["total"] < 0.6 * iterates[0].losses["total"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_state_is_a_picture_in_range(optimizer):
    for iterate in paint(replace(SETTINGS, optimizer=optimizer, learning_rate=1.0, steps=10)):
        assert iterate.image.isfinite().all()
        assert 0 <= float(iterate.image.min()) <= float(iterate.image.max()) <= 1


def test_states_count_steps_scales_and_work():
    iterates = paint(THREE_STEPS, LARGE)
    assert [(s.scale, s.step) for s in iterates] == [(k, n) for k in (0, 1) for n in (1, 2, 3)]
    assert [s.side for s in iterates[0].scales] == [100, 200]
    done = [iterate.done for iterate in iterates]
    assert done == sorted(done)
    assert done[-1] == 1
    assert iterates[-1].seconds_left == 0
    assert iterates[0].seconds_left == math.inf
    assert iterates[-2].seconds_left > 0
    assert all(iterate.notice is None for iterate in iterates)


def test_losses_are_the_weighted_parts_and_their_total():
    for iterate in paint():
        parts = dict(iterate.losses)
        total = parts.pop("total")
        assert {"content", "style"} <= set(parts)
        assert total == pytest.approx(sum(parts.values()), rel=1e-5)


def test_a_finer_scale_goes_on_from_the_coarser_ones_picture():
    iterates = paint(replace(SETTINGS, steps=8), replace(LARGE, first=None))
    coarse, fine = iterates[7].image, iterates[8].image
    assert fine.shape[-2:] == (150, 200)
    from_coarse = (fine - resized(coarse, (150, 200))).abs().mean()
    assert from_coarse < 0.12  # a few steps of Adam
    assert from_coarse < 0.5 * (fine - resized(CONTENT, (150, 200))).abs().mean()


def test_strength_leads_away_from_the_content():
    def distance(strength: float) -> float:
        last = paint(replace(SETTINGS, strength=strength, steps=50))[-1].image
        return float((last - CONTENT).square().mean())

    assert 0 < distance(0.1) < 0.5 * distance(1.0)


@pytest.mark.parametrize("first", [None, CONTENT, STYLE])
def test_without_strength_the_picture_is_the_photo(first):
    images = replace(LARGE, first=first)
    solver = Solver(NarrowVGG(), images, replace(SETTINGS, strength=0))
    (iterate,) = list(solver)
    assert torch.equal(iterate.image, LARGE.content)
    assert iterate.done == 1
    assert set(iterate.losses.values()) == {0.0}
    assert list(solver) == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_settings_give_the_same_picture(optimizer):
    settings = replace(SETTINGS, optimizer=optimizer)
    one, other = paint(settings), paint(settings)
    for iterate, again in zip(one, other, strict=True):
        assert torch.equal(iterate.image, again.image)
        assert iterate.losses == again.losses


def test_low_memory_gives_the_same_picture():
    one, other = paint(), paint(replace(SETTINGS, low_memory=True))
    assert torch.equal(one[-1].image, other[-1].image)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_painted_by_tiles_it_is_the_same_picture(optimizer, monkeypatch):
    """In double precision: in single precision, a few steps can amplify rounding by 100,000."""
    settings = replace(THREE_STEPS, style_loss="gram", optimizer=optimizer)
    content, style = LARGE.content.double(), StylePicture(STYLE.double())
    mask = torch.linspace(0, 1, 40, dtype=torch.float64).expand(1, 1, 30, 40)
    for regions in ([Region(None, [style])], [Region(mask, [style])]):
        images = Images(content, regions, content)
        one = paint(settings, images, NarrowVGG().double())
        monkeypatch.setattr(solver, "fitting_tile", lambda *_: 64)  # less than can be asked for
        encoder = NarrowVGG().double()
        other = paint(settings, images, encoder)
        monkeypatch.undo()
        torch.testing.assert_close(other[-1].image, one[-1].image, atol=1e-9, rtol=0)
        for iterate, again in zip(one, other, strict=True):
            assert again.losses["total"] == pytest.approx(iterate.losses["total"], rel=1e-9)
        # The encoder is really shown tiles: 64 pixels and 16 more on either side.
        assert max(max(size) for size in encoder.seen) < 120


def test_where_memory_is_scarce_tiles_are_chosen(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda _: 10**6)
    encoder = NarrowVGG()
    settings = replace(SETTINGS, steps=1, style_loss="gram")
    images = replace(IMAGES, content=resized(CONTENT, (300, 400)))
    last = paint(settings, images, encoder)[-1]
    assert max(max(size) for size in encoder.seen) < 300
    monkeypatch.undo()
    whole = paint(settings, images)[-1]
    assert (last.image - whole.image).abs().mean() < 2e-3


def test_regions_are_resized_to_every_scale():
    """A region in a corner of the picture is painted there, at the last scale as at the first."""
    mask = torch.zeros(1, 1, 30, 40)
    mask[..., :15, :20] = 1
    images = replace(LARGE, regions=[Region(mask, [StylePicture(STYLE)])])
    for iterate in paint(THREE_STEPS, images):
        height, width = iterate.image.shape[-2:]
        change = (iterate.image - resized(CONTENT, (height, width))).abs().mean((0, 1))
        assert change[: height // 2, : width // 2].mean() > 0.01
        assert change[: height // 2, : width // 2].mean() > 10 * change[height * 3 // 4 :].mean()


def test_noise_depends_on_the_seed():
    noise = replace(IMAGES, first=None)
    first, again, other = (
        paint(replace(SETTINGS, seed=seed, learning_rate=1e-4, steps=1), noise)[0].image
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert (first - other).abs().mean() > 0.05


@pytest.mark.parametrize("height", [36, 90])
def test_painting_starts_from_the_first_picture_resized(height):
    first = picture(7, height, height)
    settings = replace(SETTINGS, learning_rate=1e-4, steps=1)
    iterate = paint(settings, replace(IMAGES, first=first))[0]
    torch.testing.assert_close(iterate.image, resized(first, (30, 40)), atol=1e-3, rtol=0)


def test_the_pictures_given_are_left_alone():
    images = Images(CONTENT.clone(), [Region(None, [StylePicture(STYLE.clone())])], CONTENT.clone())
    paint(SETTINGS, images)
    assert torch.equal(images.content, CONTENT)
    assert torch.equal(images.first, CONTENT)
    assert torch.equal(images.regions[0].style[0].image, STYLE)


# L-BFGS


def test_lbfgs_never_stops_early():
    """torch's L-BFGS ends silently at its tolerances; the picture then stands still."""
    iterates = paint(replace(SETTINGS, optimizer="lbfgs", steps=30))
    assert len(iterates) == 30
    for before, after in itertools.pairwise(iterates):
        assert not torch.equal(before.image, after.image)


def test_lbfgs_never_raises_the_loss():
    losses = [s.losses["total"] for s in paint(replace(SETTINGS, optimizer="lbfgs", steps=30))]
    for before, after in itertools.pairwise(losses):
        assert after <= before * (1 + 1e-5)


# Going on


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 6])
def test_a_position_goes_on_exactly(optimizer, stop_after):
    """From within a scale, from the end of one, and from the end of all (6)."""
    settings = replace(THREE_STEPS, optimizer=optimizer)
    whole = paint(settings, LARGE)
    first = Solver(NarrowVGG(), LARGE, settings)
    for _ in itertools.islice(first, stop_after):
        state = copy.deepcopy(first.state)
    rest = list(Solver(NarrowVGG(), LARGE, settings, state))
    assert len(rest) == 6 - stop_after
    for iterate, expected in zip(rest, whole[stop_after:], strict=True):
        assert torch.equal(iterate.image, expected.image)
        assert iterate.losses == expected.losses
        assert (iterate.scale, iterate.step) == (expected.scale, expected.step)


# When something fails


@pytest.mark.parametrize("style_loss", ["wasserstein", "gram"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("part", ["value", "gradient"])
@pytest.mark.parametrize("spoilt", [0, 3])
def test_a_pass_that_is_no_number_is_recovered_from(style_loss, optimizer, part, spoilt):
    settings = replace(SETTINGS, style_loss=style_loss, optimizer=optimizer, steps=12)
    solver = Solver(SpoiltVGG(range(spoilt, spoilt + 1), part), IMAGES, settings)
    nonfinite_steps = []
    iterates = []
    for iterate in solver:
        iterates.append(iterate)
        nonfinite_steps.append(solver.state.nonfinite_steps)
    assert [iterate.step for iterate in iterates] == list(range(1, 13))
    assert all(iterate.image.isfinite().all() for iterate in iterates)
    assert all(math.isfinite(iterate.losses["total"]) for iterate in iterates)
    totals = [iterate.losses["total"] for iterate in iterates]
    assert totals[-1] < max(totals)  # Adam's first steps from the photo may raise the loss
    assert max(nonfinite_steps) == 1 or optimizer == "lbfgs"  # whose line search may evade


@pytest.mark.parametrize("style_loss", ["wasserstein", "gram"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("part", ["value", "gradient"])
def test_losses_that_stay_no_number_end_in_one_line(style_loss, optimizer, part):
    settings = replace(SETTINGS, style_loss=style_loss, optimizer=optimizer, steps=50)
    iterates = []
    with pytest.raises(ImpastoError, match="is not finite") as caught:
        for iterate in Solver(SpoiltVGG(range(2, 10**6), part), IMAGES, settings):
            iterates.append(iterate)  # noqa: PERF402 - what was painted before the error counts
    assert "\n" not in str(caught.value)
    assert all(iterate.image.isfinite().all() for iterate in iterates)


def test_every_setback_halves_the_step():
    encoder = SpoiltVGG(range(1, PATIENCE))
    first, second = itertools.islice(Solver(encoder, IMAGES, SETTINGS), 2)
    undisturbed = paint()[:2]
    assert torch.equal(first.image, undisturbed[0].image)
    small = (second.image - first.image).abs().mean()
    assert small < 0.1 * (undisturbed[1].image - undisturbed[0].image).abs().mean()


def test_without_memory_for_the_next_scale_the_last_ones_picture_is_the_result():
    solver = Solver(SmallMemoryVGG(150), LARGE, THREE_STEPS)
    iterates = list(solver)
    assert [iterate.scale for iterate in iterates] == [0] * 4
    assert torch.equal(iterates[-1].image, iterates[-2].image)
    assert iterates[-1].notice == (
        "not enough memory at 200 px; the picture was finished at 100 px"
    )


def test_resumed_with_more_memory_the_scale_that_did_not_fit_is_painted():
    poor = Solver(SmallMemoryVGG(150), LARGE, THREE_STEPS)
    list(poor)
    rich = list(Solver(NarrowVGG(), LARGE, THREE_STEPS, poor.state))
    assert [iterate.scale for iterate in rich] == [1] * len(rich)
    assert max(rich[-1].image.shape) == 200


def test_without_memory_for_the_first_scale_the_size_that_may_fit_is_named():
    with pytest.raises(DeviceError, match=r"to paint at 100 px; try a size of 50$"):
        paint(THREE_STEPS, LARGE, SmallMemoryVGG(60))


def test_other_errors_pass():
    class Broken(NarrowVGG):
        def forward(self, image, layers, *, recompute=False):
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        paint(encoder=Broken())


# Sizes


@pytest.mark.parametrize("shape", [(30, 40), (33, 47), (148, 200), (120, 9)])
def test_the_result_has_the_size_of_the_content(shape):
    images = replace(IMAGES, content=picture(3, *shape))
    assert paint(replace(SETTINGS, steps=1), images)[-1].image.shape[-2:] == shape


def test_a_content_too_narrow_for_the_encoder_is_painted_larger():
    deep = NarrowVGG("relu5_1")  # needs 16 pixels
    settings = replace(SETTINGS, style_layers=("relu5_1",), steps=1)
    last = paint(settings, replace(IMAGES, content=picture(3, 9, 90)), deep)[-1]
    assert last.image.shape[-2:] == (16, 160)


def test_a_panorama_leaves_out_the_scales_too_narrow_for_the_encoder():
    content = picture(3, 20, 200)
    deep = NarrowVGG("relu5_1")  # needs 16 pixels
    settings = replace(SETTINGS, style_layers=("relu5_1",), steps=1)
    iterates = paint(
        settings, Images(content, [Region(None, [StylePicture(STYLE)])], content), deep
    )
    assert [iterate.image.shape[-2:] for iterate in iterates] == [(20, 200)]


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (15, 15), (1, 40), (40, 1), (2, 300)])
@pytest.mark.parametrize("style_loss", ["wasserstein", "gram"])
def test_a_tiny_style_is_enlarged_as_far_as_the_encoder_needs(shape, style_loss):
    settings = replace(SETTINGS, style_layers=("relu1_1", "relu5_1"), style_loss=style_loss)
    images = Images(CONTENT, [Region(None, [StylePicture(picture(4, *shape))])], CONTENT)
    iterates = paint(replace(settings, steps=2), images, NarrowVGG("relu5_1"))
    assert all(math.isfinite(iterate.losses["total"]) for iterate in iterates)


def style_side(style: Tensor, brush: float) -> int:
    """The long side of the style as the encoder sees it, frame included."""
    encoder = NarrowVGG()
    settings = replace(SETTINGS, brush=brush, steps=1)
    paint(settings, Images(CONTENT, [Region(None, [StylePicture(style)])], CONTENT), encoder)
    return max(encoder.seen[1])  # the content comes first


def test_brush_sets_the_styles_size_relative_to_the_pictures():
    large = picture(5, 160, 120)
    sides = {scale: style_side(large, scale) for scale in (0.5, 1.0, 2.0)}
    assert sides[1.0] - sides[0.5] == 20
    assert sides[2.0] - sides[1.0] == 40


def test_a_style_is_enlarged_only_as_far_as_its_scale_asks():
    small = picture(5, 30, 30)
    assert style_side(small, 1.0) == 30 + 2 * PADDING
    assert style_side(small, 1.2) == 36 + 2 * PADDING


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [((30, 40), 20, (15, 20)), ((40, 30), 20, (20, 15)), ((1, 3000), 32, (1, 32))],
)
def test_fitted_keeps_the_proportions(shape, side, expected):
    assert fitted(torch.zeros(1, 3, *shape), side) == expected


def test_resizing_stays_in_range_and_keeps_flat_pictures_flat():
    edges = (torch.arange(24) % 6 < 3).float().expand(1, 3, 24, 24)
    for size in [(24, 24), (11, 17), (50, 31)]:
        found = resized(edges, size)
        assert found.shape[-2:] == size
        assert 0 <= float(found.min()) <= float(found.max()) <= 1
        flat = resized(torch.full((1, 3, 24, 24), 0.3), size)
        torch.testing.assert_close(flat, torch.full((1, 3, *size), 0.3))


def test_a_first_picture_painted_in_one_pass_is_only_refined():
    images = replace(IMAGES, content=picture(1, 400, 400))
    settings = replace(SETTINGS, init="fast")
    assert [scale.side for scale in Solver(NarrowVGG(), images, settings).scales] == [200, 400]
    assert len(Solver(NarrowVGG(), images, replace(settings, init="content")).scales) > 2


def test_a_first_picture_painted_in_one_pass_moves_half_as_fast():
    grey = replace(IMAGES, first=torch.full_like(CONTENT, 0.5))
    fast, usual = (
        paint(replace(SETTINGS, init=init, steps=1), grey)[0].image - 0.5
        for init in ("fast", "content")
    )
    torch.testing.assert_close(2 * fast, usual, rtol=1e-3, atol=1e-4)


def test_fine_scales_are_painted_with_the_fast_encoder():
    images = Images(picture(1, 700, 90), [Region(None, [StylePicture(STYLE)])], CONTENT)
    settings = replace(SETTINGS, steps=1)
    coarse, fine = NarrowVGG(), NarrowVGG()
    assert not any(scale.fine for scale in Solver(coarse, images, settings).scales)
    both = Solver(coarse, images, settings, fine=fine)
    assert [scale.fine for scale in both.scales] == [False, False, True]
    list(both)
    painted = [max(size) for size in fine.seen]
    assert painted
    assert min(painted) <= max(STYLE.shape[2:]) + 2 * PADDING < max(painted)
    assert max(max(size) for size in coarse.seen) < 400
