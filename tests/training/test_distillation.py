"""The distillation teaches features, statistics and gradients."""

import copy

import pytest
import torch

from impasto.networks.vgg import VGG
from impasto.settings import STYLE_LAYERS
from impasto.training.distillation import (
    Distillation,
    Student,
    angle_between,
    moments,
    total,
)
from impasto.training.excerpt import excerpt
from impasto.training.loop import Schedule, TrainingRun


@pytest.fixture(scope="module")
def excerpted(vgg16, image) -> Student:
    student = Student()
    excerpt(student, vgg16, image[4:])
    return student


@pytest.fixture
def student(excerpted) -> Student:
    return copy.deepcopy(excerpted)


def test_a_few_pictures_are_learned(student, vgg16, image, tmp_path):
    model = Distillation(student, vgg16, image, 1)
    run = TrainingRun(model, tmp_path, Schedule(steps=25, learning_rate=0.02, warmup=5))
    losses = []
    for _ in run.steps():
        found, _ = model.compare(image[:2], image[2:3], image[3:4])
        losses.append({name: float(loss.detach()) for name, loss in found.items()})
        run.update(total(found))
    assert all(losses[-1][name] < 0.8 * losses[0][name] for name in losses[0])


def test_a_training_in_half_precision_is_close(student, vgg16, image):
    results = []
    for precision in (torch.float32, torch.bfloat16):
        teacher = copy.deepcopy(vgg16)
        if precision != torch.float32:
            teacher.compute_in(precision)
        model = Distillation(student, teacher, image, 1, precision)
        losses, _ = model.compare(image[:2], image[2:3], image[3:4])
        results.append({name: float(loss.detach()) for name, loss in losses.items()})
    assert results[1] == pytest.approx(results[0], rel=0.05)


def perfect(teacher: VGG) -> Student:
    """Return the teacher itself, with heads that change nothing."""
    student = Student()
    student.encoder = copy.deepcopy(teacher).requires_grad_(True)
    for layer, head in student.heads.items():
        student.heads[layer] = torch.nn.Parameter(torch.eye(len(head)))
    return student


def test_a_perfect_student_has_no_losses(vgg16, image):
    model = Distillation(perfect(vgg16), vgg16, image, 1)
    losses, _ = model.compare(image[:2], image[2:3], image[3:4])
    assert all(abs(float(loss.detach())) < 1e-4 for loss in losses.values())


def test_canvases_come_closer_to_their_styles(vgg16, image):
    """By the teacher's statistics, if the student has learned all."""
    model = Distillation(perfect(vgg16), vgg16, image, 1)
    fresh = (255 * image[:2]).round().to(torch.uint8).permute(0, 2, 3, 1)

    def distance():
        seen, wanted = (
            {k: moments(f) for k, f in vgg16(x, STYLE_LAYERS).items()}
            for x in (model.canvas, model.style)
        )
        return float(model._style_loss(seen, wanted))

    model(fresh, torch.tensor([0.0]))
    before = distance()
    for age in torch.linspace(0.1, 1, 10):
        model(fresh.flip(0), age[None])  # not renewed: new pictures do not get there
    assert distance() < 0.7 * before
    assert 0 <= float(model.canvas.min()) <= float(model.canvas.max()) <= 1


def test_the_gradient_of_the_gradient_loss_is_that_of_second_derivatives(student, vgg16, image):
    model = Distillation(student, vgg16, image, 1)
    canvas, still = image[:1], image[1:2]
    read_still = student.statistics(student.encoder(still, STYLE_LAYERS))
    wanted = torch.randn(canvas.shape)

    def slope(*, learn):
        x = canvas.clone().requires_grad_(True)
        read = student.statistics(student.encoder(x, STYLE_LAYERS))
        loss = model._style_loss(read, read_still)
        return torch.autograd.grad(loss, x, create_graph=learn)[0]

    weights = list(student.encoder.parameters())
    loss = model._gradient_loss(slope(learn=False), wanted, canvas, read_still)
    found = torch.autograd.grad(loss, weights)
    angle = angle_between(slope(learn=True), wanted)
    expected = torch.autograd.grad(angle, weights, allow_unused=True)
    torch.testing.assert_close(loss.detach(), angle.detach())
    for one, other in zip(found, expected, strict=True):
        other = torch.zeros_like(one) if other is None else other
        assert (one - other).norm() <= 1e-3 * other.norm() + 1e-6


def test_the_angle_is_the_mean_of_that_by_pixels_and_by_cells():
    one = torch.zeros(1, 3, 8, 8)
    other = torch.zeros(1, 3, 8, 8)
    one[..., 0, 0], other[..., 1, 1] = 1, 2  # other pixels of the same cell
    torch.testing.assert_close(angle_between(one, other), torch.tensor(0.5))
    torch.testing.assert_close(angle_between(one, -one), torch.tensor(2.0))


def test_heads_map_statistics_as_they_map_features(student, image):
    student.requires_grad_(False)
    found = student.encoder(image[:2], STYLE_LAYERS)
    for layer, read in student.statistics(found).items():
        expected = moments(student.predicted(layer, found[layer]))
        torch.testing.assert_close(read.mean, expected.mean, rtol=1e-3, atol=1e-3)
        scale = float(expected.covariance.abs().max())
        assert float((read.covariance - expected.covariance).abs().max()) < 1e-3 * scale


def test_moments_are_means_and_covariances():
    features = torch.randn(2, 3, 4, 5)
    found = moments(features)
    for n in range(2):
        flat = features[n].flatten(1)
        torch.testing.assert_close(found.mean[n], flat.mean(1))
        torch.testing.assert_close(found.covariance[n], torch.cov(flat, correction=0))
