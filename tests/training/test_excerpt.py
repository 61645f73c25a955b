"""The excerpt of the teacher with which the compact encoder begins."""

import torch

from impasto.settings import STYLE_LAYERS
from impasto.training.distillation import Student
from impasto.training.excerpt import excerpt, fitted, spanning


def test_an_excerpt_predicts_the_teacher_better_than_its_mean(vgg16, image):
    student = Student()
    excerpt(student, vgg16, image)
    found, wanted = student.encoder(image, STYLE_LAYERS), vgg16(image, STYLE_LAYERS)
    for layer in STYLE_LAYERS:
        predicted = student.predicted(layer, found[layer])
        error = (predicted - wanted[layer]).square().mean()
        assert error < 0.5 * wanted[layer].var(dim=(0, 2, 3)).mean()


def test_channels_that_repeat_others_are_left_out():
    torch.manual_seed(0)
    own = torch.randn(3, 500)
    features = torch.stack([own[0], 2 * own[0], own[1], own[0] + own[1], own[2]])
    chosen = spanning(features @ features.mT, 3)
    assert len(chosen) == 3
    left_out = [k for k in range(5) if k not in chosen]
    predicted = fitted(features[chosen], features[left_out]) @ features[chosen]
    error = (predicted - features[left_out]).square().mean() / features[left_out].square().mean()
    assert error < 1e-3
