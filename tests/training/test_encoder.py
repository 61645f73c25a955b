"""The distillation learns, reports what it has learned, and goes on where it stopped."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from impasto.errors import InputError, SettingError
from impasto.networks import encoders
from impasto.training import encoder, excerpt
from impasto.training.distillation import LAYERS
from impasto.training.encoder import (
    ASSET,
    EncoderTraining,
    age_of,
    coloured_noise,
    pictures,
    train,
)
from impasto.training.images import ImageFolder
from impasto.training.loop import Schedule

SIDE = 48


@pytest.fixture(scope="module", autouse=True)
def _small():
    """Fit kernels to few positions, in a few crops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "CALIBRATED", 4)
        patch.setattr(excerpt, "POSITIONS", 2_000)
        yield


@pytest.fixture(scope="module")
def training(folder, vgg16, tmp_path_factory) -> EncoderTraining:
    return EncoderTraining(
        folders=[folder],
        teacher=vgg16,
        out=tmp_path_factory.mktemp("encoder") / "run",
        schedule=Schedule(steps=4, learning_rate=0.01, warmup=2, save_every=100, seed=3),
        size=SIDE,
        batch=4,
        log_every=2,
    )


class Trained(NamedTuple):
    weights: Path
    reported: list[dict[str, float]]
    teacher_before: dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def trained(training) -> Trained:
    before = {name: value.clone() for name, value in training.teacher.state_dict().items()}
    reported = []
    return Trained(train(training, reported.append), reported, before)


def log_of(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_training_writes_weights_that_load_as_the_compact_encoder(trained, training):
    assert trained.weights == training.out / ASSET
    tensors = load_file(trained.weights)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    network = encoders.load("compact", weights=trained.weights)
    assert set(tensors) == set(network.state_dict())
    average = torch.load(training.out / "checkpoint.pt", weights_only=True)["average"]
    for name in network.state_dict():
        assert torch.equal(tensors[name], average[f"student.encoder.{name}"].half())
    found = network(torch.rand(1, 3, 32, 32), LAYERS)
    assert all(features.isfinite().all() for features in found.values())


def test_the_log_holds_the_held_out_error_of_every_layer(trained, training):
    lines = log_of(training.out)
    assert [line["step"] for line in lines] == [2, 4]
    learned = {"features", "statistics", "gradient"}
    for line, figures in zip(lines, trained.reported, strict=True):
        assert set(line) == {"step", "seconds", "direction", *learned, *LAYERS}
        assert all(math.isfinite(line[layer]) and line[layer] > 0 for layer in LAYERS)
        assert 0 < line["direction"] < 0.95  # 1 for gradients that have nothing in common
        assert figures["steps"] == 4
        assert {k: figures[k] for k in LAYERS} == {k: line[k] for k in LAYERS}


def test_stopped_training_goes_on_exactly(trained, training, tmp_path):
    class Stopped(KeyboardInterrupt):
        pass

    def stop_at_two(figures):
        if figures["step"] == 2:
            raise Stopped

    halves = replace(training, out=tmp_path)
    with pytest.raises(Stopped):
        train(halves, stop_at_two)
    assert torch.load(halves.out / "checkpoint.pt", weights_only=True)["step"] == 2
    resumed = train(halves, lambda figures: None)
    for name, tensor in load_file(trained.weights).items():
        assert torch.equal(tensor, load_file(resumed)[name]), name


def test_the_teacher_does_not_change(trained, vgg16):
    before = trained.teacher_before
    assert all(torch.equal(value, before[name]) for name, value in vgg16.state_dict().items())


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [("size", 31, "size is 31; crops must have at least 32"), ("batch", 6, "batch is 6; it must")],
)
def test_crops_too_small_or_too_few_are_refused(training, name, value, complaint):
    with pytest.raises(SettingError, match=complaint):
        replace(training, **{name: value})


def test_a_folder_without_held_out_images_is_named(training, folder, tmp_path):
    single = tmp_path / "single"
    single.mkdir()
    (single / "000.png").write_bytes((folder / "000.png").read_bytes())
    with pytest.raises(InputError, match="holds no held-out image"):
        train(replace(training, folders=[single]), lambda figures: None)


# Parts


def test_one_canvas_after_the_other_is_renewed():
    ages = np.array([[age_of(k, 4, step) for k in range(4)] for step in range(3 * encoder.LIFE)])
    assert not ages[0].any()
    assert ((ages >= 0) & (ages < 1)).all()
    assert ((ages[encoder.LIFE :] == 0).sum(0) == 2).all()
    assert ((ages[1:] == 0).sum(1) <= 1).all()


def test_batches_depend_on_their_generator(folder):
    images = [ImageFolder(folder)]
    one, again = (pictures(images, np.random.default_rng(4), 4, SIDE) for _ in range(2))
    assert one.shape == (4, SIDE, SIDE, 3)
    assert one.dtype == torch.uint8
    assert torch.equal(one, again)


@pytest.mark.parametrize("size", [16, 33])
def test_coloured_noise_is_a_picture(size):
    for seed in range(5):
        noise = coloured_noise(np.random.default_rng(seed), size)
        assert noise.shape == (3, size, size)
        assert noise.dtype == np.float32
        assert 0 <= noise.min() < noise.max() <= 1
