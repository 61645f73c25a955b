"""The painter learns, goes on where it stopped, and takes in further styles."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from impasto.training.images import ImageFolder, to_tensor
from impasto.training.loop import Schedule
from impasto.training.painter import (
    ANY,
    ARTWORKS,
    Batch,
    Crops,
    Objective,
    Order,
    PainterTraining,
    train,
)
from impasto.training.painting_losses import Weights, weighted
from impasto.training.steps import load_teacher, losses_of, paint
from impasto.training.styled import IDENTITY, StyledPainter, begin
from impasto.training.targets import read_styles, target
from impasto.training.teacher import Teacher


@pytest.fixture
def training(tmp_path: Path, folder: Path, styles: Path) -> PainterTraining:
    return PainterTraining(
        photos=[folder],
        styles=styles,
        out=tmp_path / "out",
        schedule=Schedule(steps=4, learning_rate=0.02, warmup=1, save_every=2),
        size=48,
        batch=2,
        preview_every=4,
    )


def test_a_short_training_lowers_the_losses_of_every_style(
    training: PainterTraining, folder: Path
) -> None:
    schedule = Schedule(steps=60, learning_rate=0.015, warmup=5, average=0.9, save_every=60)
    figures: list[dict[str, float]] = []
    file = train(replace(training, schedule=schedule, preview_every=60), figures.append)
    assert figures[-1]["step"] == 60
    assert (training.out / "preview.png").is_file()
    lines = (training.out / "log.jsonl").read_text().splitlines()
    assert set(json.loads(lines[-1])["styles"]) == {IDENTITY, "dots", "stripes"}

    teacher = load_teacher(None, torch.float32)
    photo = to_tensor([ImageFolder(folder).crop(np.random.default_rng(0), 48)])
    trained, untrained = (StyledPainter([IDENTITY, "dots", "stripes"]).eval() for _ in range(2))
    trained.load_state_dict(load_file(file))
    for entry in read_styles(training.styles):
        style = target(entry, teacher, "cpu")
        with torch.no_grad():
            after, before = (
                weighted(
                    losses_of(
                        paint(
                            partial(model, name=entry.name),
                            teacher,
                            photo,
                            style.palette,
                            torch.float32,
                        ),
                        teacher,
                        style,
                    ),
                    Weights(),
                    1.0,
                )
                for model in (trained, untrained)
            )
        assert after < 0.9 * before


def test_a_stopped_training_ends_as_if_it_had_not_stopped(
    training: PainterTraining, tmp_path: Path
) -> None:
    whole = load_file(train(training, lambda _: None))

    def stop(_: dict[str, float]) -> None:
        raise KeyboardInterrupt

    halves = replace(training, out=tmp_path / "halves", preview_every=2)
    with pytest.raises(KeyboardInterrupt):
        train(halves, stop)
    resumed = load_file(train(halves, lambda _: None))
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, atol=1e-4, rtol=1e-3)


def test_a_new_style_joins_at_the_mean_of_the_others(training: PainterTraining) -> None:
    first = train(training, lambda _: None)
    Image.new("RGB", (64, 64), "teal").save(training.styles / "teal.png")
    unmoved = replace(training.schedule, learning_rate=1e-9)
    later = replace(training, out=training.out / "later", start=first, schedule=unmoved)
    before, after = load_file(first), load_file(train(later, lambda _: None))
    mean = (before["vectors.dots"] + before["vectors.stripes"]) / 2
    torch.testing.assert_close(after["vectors.teal"], mean, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(after["vectors.dots"], before["vectors.dots"], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        after["painter.stem.weight"], before["painter.stem.weight"], atol=1e-5, rtol=1e-4
    )


def test_the_predictor_learns_beside_the_styles(training: PainterTraining, folder: Path) -> None:
    schedule = replace(training.schedule, steps=6)
    both = replace(training, schedule=schedule, artworks=[folder])
    names = [IDENTITY, "dots", "stripes"]
    order = Order(names, set(), 1, schedule.seed, artworks=ARTWORKS)
    assert ANY in [order[step] for step in range(6)]
    file = train(both, lambda _: None)
    weights = load_file(file)
    # It mixes the vectors as they are, not as they were.
    known = torch.stack([weights["vectors.dots"], weights["vectors.stripes"]])
    torch.testing.assert_close(weights["predictor.known"], known)
    assert weights["predictor.correction.weight"].any()

    model = StyledPainter(names, predicts=True)
    assert begin(model, file) == set(names)
    torch.testing.assert_close(model.state_dict(), weights)
    other = StyledPainter([*names, "new"], predicts=True)
    begin(other, file)
    assert other.predictor is not None and not other.predictor.is_calibrated


def test_a_step_of_several_styles_trains_all_at_once(
    training: PainterTraining, folder: Path, tmp_path: Path
) -> None:
    unmoved = replace(training.schedule, learning_rate=1e-9)
    several = replace(training, together=3, artworks=[folder])
    crops = Crops(several, ["dots", "stripes"], set())
    batch = crops.batch(0)
    assert sorted(batch.names) == ["dots", "stripes"]
    assert len(batch.artwork) == 1
    assert len(batch.photo) == 3 * training.batch + 1, "the last in its own style"
    assert batch.labels == (*batch.names, ANY, IDENTITY)
    start = train(replace(several, out=tmp_path / "start", schedule=unmoved), lambda _: None)
    before, after = load_file(start), load_file(train(several, lambda _: None))
    for name in ("dots", "stripes", IDENTITY):
        assert (after[f"vectors.{name}"] - before[f"vectors.{name}"]).abs().max() > 1e-3
    line = json.loads((several.out / "log.jsonl").read_text().splitlines()[-1])
    assert {"identity", "style", "lattice"} <= set(line)
    assert set(line["styles"]) == {"dots", "stripes", ANY, IDENTITY}
    assert after["predictor.correction.weight"].any()


def test_what_a_step_minimizes_is_the_mean_over_its_styles(
    training: PainterTraining, teacher: Teacher
) -> None:
    """Each style has its own photos, vector and palette."""
    weights = replace(Weights(), palette=0.0)  # whose directions are random
    several = replace(training, together=2, size=64, weights=weights)
    entries = read_styles(training.styles)
    model = StyledPainter([IDENTITY, "dots", "stripes"]).eval()
    targets = {entry.name: target(entry, teacher, "cpu") for entry in entries}
    objective = Objective(several, model, teacher, entries, targets)
    photo = torch.randint(256, (4, 64, 64, 3), dtype=torch.uint8)

    def total(names: tuple[str, ...], photo: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(0)
        inputs = objective.inputs(Batch(names, photo, torch.empty(0, 64, 64, 3).byte(), 0))
        with torch.no_grad():
            return objective(inputs)[0]

    dots, stripes = total(("dots",), photo[:2]), total(("stripes",), photo[2:])
    torch.testing.assert_close(total(("dots", "stripes"), photo), (dots + stripes) / 2)
    assert total(("stripes", "dots"), photo) != total(("dots", "stripes"), photo)


def test_styles_are_drawn_in_turns_and_new_ones_more_often() -> None:
    order = Order(["a", "b", "new"], {"a", "b"}, fresh=2, seed=0)
    turns = [sorted(order[4 * turn + k] for k in range(4)) for turn in range(3)]
    assert turns == [["a", "b", "new", "new"]] * 3
    assert len({tuple(order[4 * turn + k] for k in range(4)) for turn in range(9)}) > 1


def test_a_share_of_the_steps_is_of_artworks() -> None:
    order = Order([str(k) for k in range(13)], set(), fresh=1, seed=0, artworks=0.35)
    assert [order[step] for step in range(200)].count(ANY) == 70
