"""The objective: a weighted sum of losses whose targets are computed once."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from impasto.networks.vgg import VGG
from impasto.optimization.objective import build
from impasto.optimization.regions import StylePicture
from impasto.perceptual.features import FeatureExtractor
from impasto.perceptual.losses import ContentLoss, GramLoss
from impasto.perceptual.statistics import statistics
from impasto.scene import Region
from impasto.settings import OptimizeSettings

LAYERS = ("relu1_1", "relu2_1", "relu3_1")
ALL_LAYERS = ("relu2_2", *LAYERS)
SETTINGS = OptimizeSettings(
    content_weight=1.0,
    style_weight=1.0,
    strength=1.0,
    content_layers=("relu2_2",),
    style_layers=LAYERS,
    style_loss="gram",
    tv_weight=0.5,
    structure_weight=0,
    palette_weight=0,
    tone_weight=0,
)


class AttentiveVGG(VGG):
    """Notes the features of every pass, in the order of the passes."""

    def __init__(self) -> None:
        super().__init__(19, widths=(6, 8, 10, 12, 12), last="relu3_1")
        self.passes: list[dict[str, Tensor]] = []

    def forward(self, image, layers, *, recompute=False):
        found = super().forward(image, layers, recompute=recompute)
        self.passes.append(found)
        return found


@pytest.fixture
def encoder() -> AttentiveVGG:
    torch.manual_seed(0)
    return AttentiveVGG().requires_grad_(False).eval()


def picture(seed: int, height: int = 24, width: int = 32) -> Tensor:
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(seed))


def whole(*styles: tuple[Tensor, float]) -> list[Region]:
    """The whole picture in some styles."""
    return [Region(None, [StylePicture(image, weight) for image, weight in styles])]


def see(encoder: VGG, image: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
    return FeatureExtractor(encoder, layers).features(image)


CONTENT, STYLE, OTHER_STYLE, CANVAS = picture(1), picture(2, 20, 20), picture(3, 28, 20), picture(4)


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
def test_weighted_parts_sum_to_the_total(encoder, style_loss):
    settings = replace(SETTINGS, style_loss=style_loss, content_weight=2.0, style_weight=3.0)
    total, parts = build(encoder, CONTENT, whole((STYLE, 1.0)), settings)(CANVAS)
    assert set(parts) == {"content", "style", "tv"}
    assert all(part > 0 for part in parts.values())
    torch.testing.assert_close(total, parts["content"] + parts["style"] + parts["tv"])


def test_parts_are_the_losses_of_the_layers(encoder):
    _, parts = build(encoder, CONTENT, whole((STYLE, 1.0)), SETTINGS)(CANVAS)
    content, style, canvas = (see(encoder, p, ALL_LAYERS) for p in (CONTENT, STYLE, CANVAS))
    wanted = ContentLoss(content["relu2_2"])(canvas["relu2_2"])
    torch.testing.assert_close(parts["content"], wanted)
    losses = [GramLoss(statistics(style[k]))(statistics(canvas[k])) for k in LAYERS]
    torch.testing.assert_close(parts["style"], torch.stack(losses).mean())


def test_the_content_has_no_content_loss_and_the_style_no_style_loss(encoder):
    objective = build(encoder, CONTENT, whole((STYLE, 1.0)), SETTINGS)
    assert objective(CONTENT)[1]["content"] == 0
    styled = build(encoder, STYLE, whole((STYLE, 1.0)), SETTINGS)
    assert float(styled(STYLE)[1]["style"]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "part"),
    [("content_weight", "content"), ("style_weight", "style"), ("tv_weight", "tv")],
)
def test_a_weight_scales_its_own_part_only(encoder, name, part):
    def parts(weight: float) -> dict[str, Tensor]:
        settings = replace(SETTINGS, **{name: weight})
        return build(encoder, CONTENT, whole((STYLE, 1.0)), settings)(CANVAS)[1]

    single, triple = parts(1.0), parts(3.0)
    for key in single:
        torch.testing.assert_close(triple[key], single[key] * (3 if key == part else 1))


def test_without_strength_the_content_itself_is_the_best_picture(encoder):
    settings = replace(SETTINGS, strength=0.0)
    objective = build(encoder, CONTENT, whole((STYLE, 1.0)), settings)
    total, parts = objective(CANVAS)
    assert parts["style"] == 0
    torch.testing.assert_close(total, parts["content"])
    assert objective(CONTENT)[0] == 0


def test_style_and_smoothness_count_with_the_square_of_the_strength(encoder):
    def parts(strength: float) -> dict[str, Tensor]:
        settings = replace(SETTINGS, strength=strength)
        return build(encoder, CONTENT, whole((STYLE, 1.0)), settings)(CANVAS)[1]

    half, full = parts(0.5), parts(1.0)
    torch.testing.assert_close(half["style"], full["style"] / 4)
    torch.testing.assert_close(half["tv"], full["tv"] / 4)
    torch.testing.assert_close(half["content"], full["content"])


def test_a_layer_weight_of_zero_ignores_the_layer(encoder):
    weighted = replace(SETTINGS, style_layer_weights=(0.0, 5.0, 0.0))
    alone = replace(SETTINGS, style_layers=("relu2_1",))
    one, other = (
        build(encoder, CONTENT, whole((STYLE, 1.0)), settings)(CANVAS)[1]["style"]
        for settings in (weighted, alone)
    )
    torch.testing.assert_close(one, other)


def test_layer_weights_count_relative_to_their_sum(encoder):
    def style(weights: tuple[float, ...] | None) -> float:
        settings = replace(SETTINGS, style_layer_weights=weights)
        return float(build(encoder, CONTENT, whole((STYLE, 1.0)), settings)(CANVAS)[1]["style"])

    assert style((7.0, 7.0, 7.0)) == pytest.approx(style(None))
    assert style((2.0, 1.0, 1.0)) == pytest.approx(style((4.0, 2.0, 2.0)))


def test_without_a_weight_total_variation_is_not_computed(encoder):
    _, parts = build(encoder, CONTENT, whole((STYLE, 1.0)), replace(SETTINGS, tv_weight=0.0))(
        CANVAS
    )
    assert set(parts) == {"content", "style"}


def test_targets_are_computed_once_and_a_call_is_one_pass(encoder):
    objective = build(encoder, CONTENT, whole((STYLE, 1.0), (OTHER_STYLE, 1.0)), SETTINGS)
    assert [tuple(found) for found in encoder.passes] == [("relu2_2",), LAYERS, LAYERS]
    encoder.passes.clear()
    for _ in range(3):
        objective(CANVAS)
    assert [set(found) for found in encoder.passes] == [set(ALL_LAYERS)] * 3


def test_several_styles_are_the_style_of_all_their_positions_together(encoder):
    other_style = picture(5, 20, 20)  # as large as STYLE, so that equal weights fit
    _, parts = build(encoder, CONTENT, whole((STYLE, 1.0), (other_style, 1.0)), SETTINGS)(CANVAS)
    one, other, canvas = (see(encoder, p, LAYERS) for p in (STYLE, other_style, CANVAS))
    wanted = {k: statistics(torch.cat([one[k], other[k]], dim=3)) for k in LAYERS}
    losses = [GramLoss(wanted[k])(statistics(canvas[k])) for k in LAYERS]
    torch.testing.assert_close(parts["style"], torch.stack(losses).mean())


def test_one_style_twice_is_that_style(encoder):
    once = build(encoder, CONTENT, whole((STYLE, 1.0)), SETTINGS)(CANVAS)[0]
    twice = build(encoder, CONTENT, whole((STYLE, 0.3), (STYLE, 2.0)), SETTINGS)(CANVAS)[0]
    torch.testing.assert_close(once, twice)


def test_a_style_without_weight_does_not_matter(encoder):
    alone = build(encoder, CONTENT, whole((STYLE, 1.0)), SETTINGS)(CANVAS)[0]
    beside = build(encoder, CONTENT, whole((STYLE, 1.0), (OTHER_STYLE, 0.0)), SETTINGS)(CANVAS)[0]
    torch.testing.assert_close(alone, beside)


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
def test_low_memory_gives_the_same_values_and_gradients(encoder, style_loss):
    def value_and_gradient(low_memory: bool) -> tuple[Tensor, Tensor]:
        settings = replace(SETTINGS, style_loss=style_loss, low_memory=low_memory)
        canvas = CANVAS.clone().requires_grad_(True)
        total, _ = build(encoder, CONTENT, whole((STYLE, 1.0)), settings)(canvas)
        return total.detach(), torch.autograd.grad(total, canvas)[0]

    for kept, recomputed in zip(value_and_gradient(False), value_and_gradient(True), strict=True):
        assert torch.equal(kept, recomputed)


def test_low_memory_keeps_less_for_the_gradient(encoder):
    def bytes_kept(low_memory: bool) -> int:
        settings = replace(SETTINGS, low_memory=low_memory)
        objective = build(encoder, CONTENT, whole((STYLE, 1.0)), settings)
        kept: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            kept[tensor.data_ptr()] = tensor.nbytes
            return tensor

        canvas = CANVAS.clone().requires_grad_(True)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            total, _ = objective(canvas)
        assert total.requires_grad
        return sum(kept.values())

    assert bytes_kept(True) < 0.75 * bytes_kept(False)
