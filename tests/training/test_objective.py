"""What a step minimizes: the losses of all its styles, and who learns from them."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor

from impasto.training import objective as module
from impasto.training.batches import Batch
from impasto.training.objective import CORRECTION, Objective
from impasto.training.painting_losses import Weights
from impasto.training.settings import PainterTraining
from impasto.training.styled import IDENTITY, StyledPainter
from impasto.training.targets import StyleEntry, read_styles, target
from impasto.training.teacher import Teacher

SIDE = 64


@pytest.fixture
def several(training: PainterTraining) -> PainterTraining:
    """Two photos in each of several styles, without the loss whose directions are random."""
    return replace(training, together=2, size=SIDE, weights=replace(Weights(), palette=0.0))


@pytest.fixture
def entries(several: PainterTraining) -> list[StyleEntry]:
    return read_styles(several.styles)


@pytest.fixture
def model() -> StyledPainter:
    """An untrained painter, whose predictor corrects the mixtures."""
    torch.manual_seed(0)
    model = StyledPainter([IDENTITY, "dots", "stripes"], predicts=True).eval()
    assert model.predictor is not None
    torch.nn.init.normal_(model.predictor.correction.weight, std=0.01)
    return model


@pytest.fixture
def objective(
    several: PainterTraining, model: StyledPainter, teacher: Teacher, entries: list[StyleEntry]
) -> Objective:
    return build(several, model, teacher, entries)


def build(
    training: PainterTraining, model: StyledPainter, teacher: Teacher, entries: list[StyleEntry]
) -> Objective:
    targets = {entry.name: target(entry, teacher, "cpu") for entry in entries}
    return Objective(training, model, teacher, entries, targets)


def photos(count: int) -> Tensor:
    return torch.randint(256, (count, SIDE, SIDE, 3), dtype=torch.uint8)


def evaluate(
    objective: Objective, names: tuple[str, ...], photo: Tensor, artworks: int = 0, own: int = 0
) -> tuple[Tensor, dict[str, Tensor]]:
    """Evaluate a batch, with the same random shift and the same artworks each time."""
    torch.manual_seed(0)
    return objective(objective.inputs(Batch(names, photo, photos(artworks), own)))


@torch.no_grad()
def total(objective: Objective, *batch: object, **counts: int) -> Tensor:
    return evaluate(objective, *batch, **counts)[0]  # type: ignore[arg-type]


def test_what_a_step_minimizes_is_the_mean_over_its_styles(objective: Objective) -> None:
    """Each style has its own photos, vector and palette."""
    photo = photos(4)
    of = partial(total, objective)
    dots, stripes = of(("dots",), photo[:2]), of(("stripes",), photo[2:])
    torch.testing.assert_close(of(("dots", "stripes"), photo), (dots + stripes) / 2)
    assert of(("stripes", "dots"), photo) != of(("dots", "stripes"), photo)


def test_photos_in_their_own_style_count_as_much_as_others(objective: Objective) -> None:
    photo = photos(3)
    styled, own = total(objective, ("dots",), photo[:2]), total(objective, (), photo[2:], own=1)
    both = total(objective, ("dots",), photo, own=1)
    torch.testing.assert_close(both, (2 * styled + own) / 3)


def test_every_style_has_a_distance(objective: Objective) -> None:
    names = ("stripes", "dots")
    for artworks, own, expected in ((0, 0, 2), (1, 0, 3), (1, 1, 4)):
        batch = Batch(names, photos(2 * (2 + artworks) + own), photos(artworks), own)
        _, losses = objective(objective.inputs(batch))
        assert losses["style"].shape == (len(batch.labels),) == (expected,)
        assert ("identity" in losses) == bool(own)


def test_the_content_of_a_style_counts_as_its_entry_says(
    several: PainterTraining,
    model: StyledPainter,
    teacher: Teacher,
    entries: list[StyleEntry],
    objective: Objective,
) -> None:
    dots, stripes = entries
    double = build(several, model, teacher, [dots._replace(content=2.0), stripes])
    photo = photos(2)
    with torch.no_grad():
        once, losses = evaluate(objective, ("dots",), photo)
    content = several.weights.content * losses["content"].mean()
    # Targets sample colours at random, but the palette has no weight here.
    torch.testing.assert_close(total(double, ("dots",), photo) - once, content)
    torch.testing.assert_close(
        total(double, ("stripes",), photo), total(objective, ("stripes",), photo)
    )


def test_the_predictor_s_corrections_are_penalised(
    objective: Objective, model: StyledPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the share of the styles that it predicts."""
    step = partial(total, objective, ("dots", "stripes"), photos(6), artworks=1)
    with_penalty = step()
    monkeypatch.setattr(module, "CORRECTION", 0.0)
    without = step()
    torch.manual_seed(0)
    artwork = photos(1).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        _, correction = model.predict(artwork)
    expected = CORRECTION / 3 * correction.square().mean()
    torch.testing.assert_close(with_penalty - without, expected, rtol=0, atol=1e-5)
    assert expected > 1e-3


@pytest.mark.parametrize(
    ("names", "artworks", "own", "learning"),
    [
        (("dots",), 0, 0, {"dots"}),
        ((), 0, 2, {IDENTITY}),
        ((), 1, 0, {"predictor"}),
        (("stripes",), 1, 1, {"stripes", IDENTITY, "predictor"}),
    ],
    ids=["a known style", "the photos' own", "an artwork's", "all"],
)
def test_a_step_trains_what_it_uses(
    objective: Objective,
    model: StyledPainter,
    names: tuple[str, ...],
    artworks: int,
    own: int,
    learning: set[str],
) -> None:
    """On a CPU, the vectors of other styles have no gradient, so that Adam does not move them."""
    photo = photos(2 * (len(names) + artworks) + own)
    evaluate(objective, names, photo, artworks, own)[0].backward()
    assert model.predictor is not None
    learners = {**model.vectors, "predictor": model.predictor.correction.weight}
    assert {name for name, value in learners.items() if value.grad is not None} == learning
    assert model.painter.stem.weight.grad is not None
