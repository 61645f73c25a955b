"""The stylizer learns; its losses are what their formulas say."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from impasto.networks.stylizer import LAYERS, Stylizer
from impasto.training.export import export, load
from impasto.training.loop import Schedule
from impasto.training.stylizer import (
    StylizerTraining,
    Weights,
    covariance_distance,
    gram_distance,
    losses,
    moments_distance,
    recolour,
    statistics,
    train,
    unit_scales,
    untrained,
)

pytestmark = pytest.mark.usefixtures("seed")


def picture(count=2, side=48):
    coarse = torch.rand(count, 3, side // 8, side // 8)
    return nn.functional.interpolate(coarse, (side, side), mode="bilinear")


def test_distances_to_itself_are_zero():
    features = torch.randn(2, 5, 8, 8)
    own = statistics(features)
    assert moments_distance(own, own) < 2e-4
    assert covariance_distance(own, own) < 1e-4
    shuffled = features.flatten(2)[..., torch.randperm(64)].reshape(features.shape)
    assert moments_distance(statistics(shuffled), own) < 1e-3
    assert covariance_distance(statistics(shuffled), own) < 1e-3


def test_moments_distance_in_closed_form():
    wanted = torch.randn(1, 4, 64, 64)
    variance, mean = torch.var_mean(wanted, dim=(2, 3), correction=0)
    energy = mean.square().sum() + variance.sum()
    moved = torch.sqrt(4 * 2**2 / energy)  # four means, each off by 2
    assert moments_distance(statistics(wanted + 2), statistics(wanted)) == pytest.approx(
        float(moved), rel=1e-3
    )
    assert moments_distance(statistics(3 * wanted), statistics(wanted)) == pytest.approx(
        2, rel=1e-3
    )


def test_covariance_distance_in_closed_form():
    wanted = torch.randn(1, 4, 64, 64)
    assert covariance_distance(statistics(wanted + 2), statistics(wanted)) < 1e-3
    assert covariance_distance(statistics(3 * wanted), statistics(wanted)) == pytest.approx(
        8, rel=1e-3
    )
    assert covariance_distance(
        statistics(wanted.mean((2, 3), keepdim=True) + 0 * wanted), statistics(wanted)
    ) == (pytest.approx(1, rel=1e-3))


def test_gram_distance_in_closed_form():
    wanted = torch.randn(2, 5, 8, 8)
    assert gram_distance(statistics(wanted), statistics(wanted)) < 1e-4
    assert gram_distance(statistics(-wanted), statistics(wanted)) < 1e-4
    assert gram_distance(statistics(3 * wanted), statistics(wanted)) == pytest.approx(8, rel=1e-3)


def test_statistics_of_nearly_flat_features():
    features = 1 + 1e-2 * torch.randn(2, 5, 64, 64)
    found = statistics(features)
    exact = torch.stack([torch.cov(f) for f in features.double().flatten(2)])
    assert torch.allclose(found.covariance.double(), exact, atol=1e-6)


@pytest.mark.parametrize("distance", [moments_distance, covariance_distance, gram_distance])
def test_gradients_of_constant_features_are_finite(distance):
    features = torch.full((2, 5, 8, 8), 0.7, requires_grad=True)
    distance(statistics(features), statistics(torch.randn(2, 5, 8, 8))).backward()
    assert torch.isfinite(features.grad).all()


def test_recolour_moves_mean_and_covariance():
    photo, style = 0.3 + 0.2 * picture(), 0.5 + 0.2 * picture()
    moved = recolour(photo, style).flatten(2)
    wanted = style.flatten(2)
    assert torch.allclose(moved.mean(2), wanted.mean(2), atol=1e-3)
    for found, expected in zip(moved, wanted, strict=True):
        assert torch.allclose(torch.cov(found), torch.cov(expected), atol=2e-4)


def test_recolour_to_itself_changes_nothing():
    photo = picture()
    assert torch.allclose(recolour(photo, photo), photo, atol=1e-3)


@pytest.mark.parametrize("imitating", [False, True])
def test_losses_of_a_batch(imitating):
    model = untrained(None)
    scales = unit_scales(model.compact, picture())
    parts = losses(model, scales, picture(4), picture(4), imitating=imitating)
    assert set(parts) == {f.name for f in fields(Weights)} - ({"encoder"} if imitating else set())
    assert all(torch.isfinite(value) and value >= 0 for value in parts.values())
    (parts["content"] + parts["moments"] + parts["identity"]).backward()
    assert all(p.grad is None for p in model.compact.parameters())
    assert model.decoder.head.common.weight.grad.abs().max() > 0
    deepest = model.encoder.out2.weight
    if imitating:
        assert deepest.grad.abs().max() > 0
    else:
        assert deepest.grad is None


def test_encoder_learns_to_see_what_the_compact_encoder_sees():
    model = untrained(None)
    scales, photo = unit_scales(model.compact, picture()), picture(4)
    losses(model, scales, photo, photo, imitating=False)["encoder"].backward()
    assert model.encoder.stem.weight.grad.abs().max() > 0
    assert model.decoder.head.common.weight.grad is None


def test_losses_in_bfloat16_are_about_those_in_float32():
    model = untrained(None)
    scales, photo, style = unit_scales(model.compact, picture()), picture(4), picture(4)
    exact = losses(model, scales, photo, style, imitating=True)
    rough = losses(model, scales, photo, style, imitating=True, precision=torch.bfloat16)
    for name, value in exact.items():
        assert rough[name].dtype == torch.float32
        assert rough[name].item() == pytest.approx(value.item(), rel=0.05, abs=1e-3)


def test_unit_scales_give_every_layer_unit_variance():
    encoder, image = untrained(None).compact, picture(4)
    scales = unit_scales(encoder, image)
    assert set(scales) == set(LAYERS)
    for layer, maps in encoder(image, LAYERS).items():
        variance = (maps * scales[layer]).var(dim=(0, 2, 3)).mean()
        assert variance == pytest.approx(1, rel=1e-3)


@pytest.fixture
def training(folder, tmp_path):
    def make(steps):
        return StylizerTraining(
            photos=[folder],
            paintings=[folder],
            compact=None,
            start=None,
            out=tmp_path / "run",
            # This seed begins with large losses, which a few steps are enough to bring down.
            schedule=Schedule(steps=steps, warmup=2, save_every=10, seed=1),
            size=48,
            batch=4,
            preview_every=15,
        )

    return make


def test_train_learns_and_writes(training, tmp_path):
    told = []
    weights = train(training(50), told.append)
    assert weights == tmp_path / "run" / "stylizer.safetensors"
    steps = [15, 30, 45, 50]
    assert [line["step"] for line in told] == steps
    first, _, third, _ = told
    assert third.keys() == first.keys() - {"encoder"}
    losses_told = third.keys() - {"step", "steps"}
    assert sum(third[k] for k in losses_told) < sum(first[k] for k in losses_told)
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == steps
    with Image.open(tmp_path / "run" / "preview-000050.jpg") as sheet:
        assert sheet.size == (7 * 256, 5 * 256)
        assert np.asarray(sheet).std() > 10
    assert set(load_file(weights)) == set(Stylizer().state_dict())
    assert isinstance(load(weights), Stylizer)


def test_train_goes_on_where_it_stopped(training):
    train(training(3), lambda _: None)
    told = []
    train(training(5), told.append)
    assert [line["step"] for line in told] == [5]


def test_train_goes_on_from_exported_weights(training, tmp_path):
    model = untrained(None)
    for value in model.parameters():
        value.data.add_(0.01 * torch.randn_like(value))
    model.decoder.standardise.mean.normal_()
    model.decoder.standardise.variance.uniform_(1, 2)
    save_file(model.state_dict(), tmp_path / "first.safetensors")
    exported = export(tmp_path / "first.safetensors", tmp_path / "exported").files[0]
    again = replace(training(1), start=exported, out=tmp_path / "again")
    trained = load_file(train(again, lambda _: None))
    for name, value in model.decoder.blocks.state_dict(prefix="decoder.blocks.").items():
        assert torch.allclose(trained[name], value, atol=0.01), name
    for name in ("mean", "variance"):  # one batch counts for little
        measured = getattr(model.decoder.standardise, name)
        kept = trained[f"decoder.standardise.{name}"]
        assert (kept - measured).abs().median() < 0.1 * measured.abs().median(), name
    for name, value in model.encoder.half().float().state_dict(prefix="encoder.").items():
        assert torch.equal(trained[name], value), name
