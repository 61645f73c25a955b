"""The distillation learns, reports what it has learned, and goes on where it stopped."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from impasto.errors import InputError, SettingError
from impasto.networks import compact, encoders
from impasto.networks.teachers import CollaborativeEncoder
from impasto.training.encoder import (
    ASSET,
    AUXILIARY_LAYERS,
    LAYERS,
    EncoderTraining,
    NormalisedTeacher,
    Student,
    coloured_noise,
    distillation_loss,
    half_optimized,
    pictures,
    train,
)
from impasto.training.images import ImageFolder
from impasto.training.loop import Schedule, TrainingRun

SIDE = 48
"""The smallest that leaves one cell of relu5_1 inside the border."""


@pytest.fixture(scope="module")
def teacher() -> CollaborativeEncoder:
    """Random, but with features as lively as a trained network's."""
    torch.manual_seed(0)
    network = CollaborativeEncoder()
    for name, parameter in network.named_parameters():
        if parameter.ndim == 4 and not name.startswith("conv0"):
            torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu")
    return network.requires_grad_(False).eval()


@pytest.fixture
def training(folder, teacher, tmp_path) -> EncoderTraining:
    return EncoderTraining(
        folders=[folder],
        teacher=teacher,
        out=tmp_path / "run",
        schedule=Schedule(steps=9, warmup=2, save_every=100, seed=3),
        size=SIDE,
        batch=2,
        log_every=3,
    )


def log_of(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def without_clock(lines: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{k: v for k, v in line.items() if k not in ("seconds", "loss")} for line in lines]


def test_a_few_pictures_are_learned(folder, teacher, tmp_path):
    batch = pictures([ImageFolder(folder)], np.random.default_rng(0), 3, SIDE)
    supervised = LAYERS + AUXILIARY_LAYERS
    normalised = NormalisedTeacher(teacher, batch)
    wanted = normalised(batch, supervised)
    variances = {layer: features.var(dim=(0, 2, 3)) for layer, features in wanted.items()}
    torch.manual_seed(1)
    run = TrainingRun(Student(variances), tmp_path, Schedule(steps=60, warmup=5))
    losses = []
    for _ in run.steps():
        loss = distillation_loss(run.model(batch), wanted, variances)
        losses.append(float(loss.detach()))
        run.update(loss)
    assert losses[-1] < 0.5 * losses[0]


def test_training_writes_weights_that_load_as_the_compact_encoder(training):
    path = train(training, lambda figures: None)
    assert path == training.out / ASSET
    tensors = load_file(path)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    network = encoders.load("compact", weights=path)
    assert set(tensors) == set(network.state_dict())
    average = torch.load(training.out / "checkpoint.pt", weights_only=True)["average"]
    for name, tensor in tensors.items():
        assert torch.equal(tensor, average[f"encoder.{name}"].half())
    found = network(torch.rand(1, 3, 32, 32), LAYERS)
    assert all(features.isfinite().all() for features in found.values())


def test_the_file_holds_the_encoder_and_no_heads(training):
    with safe_open(train(training, lambda figures: None), framework="pt") as file:
        assert all(key.startswith("features.") for key in file.keys())  # noqa: SIM118


def test_the_log_holds_the_held_out_error_of_every_layer(training):
    reported = []
    train(training, reported.append)
    lines = log_of(training.out)
    assert [line["step"] for line in lines] == [3, 6, 9]
    for line, figures in zip(lines, reported, strict=True):
        assert set(line) == {"step", "seconds", "loss", *LAYERS}
        assert all(math.isfinite(line[layer]) and line[layer] > 0 for layer in LAYERS)
        assert figures["steps"] == 9
        assert {k: figures[k] for k in LAYERS} == {k: line[k] for k in LAYERS}


def test_stopped_training_goes_on_exactly(training):
    class Stopped(KeyboardInterrupt):
        pass

    def stop_at_six(figures):
        if figures["step"] == 6:
            raise Stopped

    whole = train(replace(training, out=training.out / "whole"), lambda figures: None)
    halves = replace(training, out=training.out / "halves")
    with pytest.raises(Stopped):
        train(halves, stop_at_six)
    assert torch.load(halves.out / "checkpoint.pt", weights_only=True)["step"] == 6
    resumed = train(halves, lambda figures: None)
    for name, tensor in load_file(whole).items():
        assert torch.equal(tensor, load_file(resumed)[name]), name
    assert without_clock(log_of(halves.out)) == without_clock(log_of(whole.parent))


def test_the_reported_loss_after_a_resume_is_no_smaller_than_it_is(training):
    stopped = replace(training, schedule=replace(training.schedule, steps=6))
    train(stopped, lambda figures: None)
    train(training, lambda figures: None)
    before, after = log_of(training.out)[1]["loss"], log_of(training.out)[-1]["loss"]
    assert after > 0.3 * before


def test_the_teacher_does_not_change(training, teacher):
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    train(training, lambda figures: None)
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [("size", 47, "size is 47; crops must have at least 48"), ("batch", 1, "batch is 1; a step")],
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


def test_the_normalised_teacher_has_unit_variance(teacher):
    image = torch.rand((2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(2))
    for features in NormalisedTeacher(teacher, image)(image, LAYERS).values():
        assert float(features.var(dim=(0, 2, 3)).mean()) == pytest.approx(1, rel=1e-4)


def test_a_perfect_prediction_has_no_loss_and_the_mean_a_loss_of_about_one():
    rng = torch.Generator().manual_seed(1)
    wanted = {layer: torch.randn((2, 5, 8, 8), generator=rng) for layer in ("relu1_1", "relu1_2")}
    variances = {layer: f.var(dim=(0, 2, 3)) for layer, f in wanted.items()}
    flat = {k: f.mean(dim=(0, 2, 3), keepdim=True).expand_as(f) for k, f in wanted.items()}
    assert distillation_loss(wanted, wanted, variances) == 0
    assert float(distillation_loss(flat, wanted, variances)) == pytest.approx(1, abs=0.1)


def test_the_border_does_not_count():
    wanted = {"relu1_1": torch.zeros(1, 2, 6, 6)}
    predicted = {"relu1_1": torch.ones(1, 2, 6, 6)}
    predicted["relu1_1"][..., 1:-1, 1:-1] = 0
    assert distillation_loss(predicted, wanted, {"relu1_1": torch.ones(2)}) == 0


def test_heads_start_at_the_liveliest_channels_of_the_teacher():
    variance = torch.linspace(1, 2, 64)
    head = Student({"relu1_1": variance}).heads["relu1_1"]
    lively = head.weight.detach().flatten(1).argmax(0)
    assert head.weight.sum() == compact.WIDTHS[0]
    assert set(lively.tolist()) == set(range(64 - compact.WIDTHS[0], 64))


def test_batches_depend_on_their_generator_and_stay_in_range(folder):
    images = [ImageFolder(folder)]
    one, again = (pictures(images, np.random.default_rng(4), 4, SIDE) for _ in range(2))
    assert one.shape == (4, 3, SIDE, SIDE)
    assert torch.equal(one, again)
    assert float(one.min()) >= 0
    assert float(one.max()) <= 1


@pytest.mark.parametrize("size", [16, 33])
def test_coloured_noise_is_a_picture(size):
    for seed in range(5):
        noise = coloured_noise(np.random.default_rng(seed), size)
        assert noise.shape == (3, size, size)
        assert noise.dtype == np.float32
        assert 0 <= noise.min() < noise.max() <= 1


def test_half_optimized_pictures_move_towards_the_style_and_the_rest_stays():
    torch.manual_seed(0)
    encoder = compact.build()
    image = torch.rand((5, 3, 32, 32), generator=torch.Generator().manual_seed(3))
    found = half_optimized(encoder, image, seed=1)
    assert torch.equal(found, half_optimized(encoder, image, seed=1))
    assert not torch.equal(found[:2], image[:2])
    assert torch.equal(found[2:], image[2:])
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    assert all(parameter.grad is None for parameter in encoder.parameters())
