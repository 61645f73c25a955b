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

from impasto.training.batches import ANY, ARTWORKS, Order
from impasto.training.images import ImageFolder, to_tensor
from impasto.training.loop import Schedule
from impasto.training.painter import train
from impasto.training.painting_losses import Weights, weighted
from impasto.training.settings import PainterTraining
from impasto.training.steps import load_teacher, losses_of, paint
from impasto.training.styled import IDENTITY, StyledPainter, begin
from impasto.training.targets import read_styles, target


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
    start = train(replace(several, out=tmp_path / "start", schedule=unmoved), lambda _: None)
    before, after = load_file(start), load_file(train(several, lambda _: None))
    for name in ("dots", "stripes", IDENTITY):
        assert (after[f"vectors.{name}"] - before[f"vectors.{name}"]).abs().max() > 1e-3
    line = json.loads((several.out / "log.jsonl").read_text().splitlines()[-1])
    assert {"identity", "style", "lattice"} <= set(line)
    assert set(line["styles"]) == {"dots", "stripes", ANY, IDENTITY}
    assert after["predictor.correction.weight"].any()
