"""The training of one more style: it starts well, learns, and leaves the painter alone."""

import copy
import math
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from impasto.errors import SettingError
from impasto.networks.painter import VECTOR, Painter, Palette
from impasto.training.images import ImageFolder, to_tensor
from impasto.training.painting_losses import Weights, weighted
from impasto.training.steps import losses_of, paint
from impasto.training.style import StyleTraining, train_style
from impasto.training.targets import StyleEntry, target
from impasto.training.teacher import Teacher


@pytest.fixture
def training(folder: Path, styles: Path, teacher: Teacher) -> StyleTraining:
    """A training with a tiny teacher, to be stopped after a few steps."""
    torch.manual_seed(0)
    with Image.open(styles / "stripes.png") as picture:
        return StyleTraining(
            picture=picture.convert("RGB"),
            photos=ImageFolder(folder),
            painter=Painter().eval(),
            teacher=teacher,
            known=[np.full(VECTOR, value, np.float32) for value in (0.1, -0.1)],
            seconds=1e6,  # so that the learning rate does not depend on the speed of the machine
            side=96,
            size=48,
            batch=1,
        )


def test_the_first_state_is_a_known_style_before_any_update(training: StyleTraining) -> None:
    first = next(train_style(training))
    assert (first.step, first.progress, first.losses) == (0, 0.0, {})
    assert any(np.array_equal(first.vector, known) for known in training.known)


def test_the_training_starts_from_the_known_style_with_the_lowest_loss(
    training: StyleTraining,
) -> None:
    """A vector far outside the usual range is never the best, wherever it stands."""
    extreme = np.random.default_rng(0).normal(0, 30, VECTOR).astype(np.float32)
    mild = np.zeros(VECTOR, np.float32)
    for known in ([mild, extreme], [extreme, mild], [extreme, mild, extreme]):
        first = next(train_style(replace(training, known=known)))
        assert np.array_equal(first.vector, mild)


def test_steps_change_the_vector_and_nothing_else(training: StyleTraining) -> None:
    painter = copy.deepcopy(training.painter.state_dict())
    states = list(islice(train_style(training), 4))
    assert [state.step for state in states] == [0, 1, 2, 3]
    for before, after in pairwise(states):
        assert not np.array_equal(before.vector, after.vector)
        assert np.isfinite(after.vector).all()
    assert after.vector.shape == (VECTOR,)
    assert after.vector.dtype == np.float32
    torch.testing.assert_close(training.painter.state_dict(), painter, atol=0, rtol=0)
    names = set(Weights.__dataclass_fields__)
    assert {"content", "style"} <= set(after.losses) <= names


def test_a_state_does_not_change_when_the_training_goes_on(training: StyleTraining) -> None:
    steps = train_style(training)
    first = next(steps)
    kept = first.vector.copy()
    list(islice(steps, 2))
    assert np.array_equal(first.vector, kept)


def test_the_same_seed_sees_the_same_photos(training: StyleTraining) -> None:
    vectors = []
    for seed in (3, 3, 4):
        *_, last = islice(train_style(replace(training, seed=seed)), 3)
        vectors.append(last.vector)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-4


def test_it_ends_when_the_time_is_over(training: StyleTraining) -> None:
    states = list(train_style(replace(training, seconds=1e-3)))
    assert [state.progress for state in states] == [0.0, 1.0]


def test_learning_lowers_the_loss(training: StyleTraining) -> None:
    """On photos that are the same before and after, as photos differ more than steps."""
    style = target(StyleEntry("", training.picture, side=training.side), training.teacher, "cpu")
    rng = np.random.default_rng(0)
    photos = to_tensor([training.photos.crop(rng, training.size) for _ in range(4)])

    def loss(vector: NDArray[np.float32]) -> float:
        def painter(photo: Tensor, palette: Palette) -> Tensor:
            painted: Tensor = training.painter(photo, torch.from_numpy(vector)[None], palette)
            return painted

        torch.manual_seed(0)
        with torch.no_grad():
            paintings = paint(painter, training.teacher, photos, style.palette, torch.float32)
            losses = losses_of(paintings, training.teacher, style)
        return float(weighted(losses, training.weights, training.content))

    first, *_, last = islice(train_style(training), 13)
    assert loss(last.vector) < loss(first.vector)


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan])
def test_a_time_that_is_no_time_is_refused(training: StyleTraining, seconds: float) -> None:
    with pytest.raises(SettingError, match=r"seconds is .*; it must be a number above 0"):
        replace(training, seconds=seconds)
