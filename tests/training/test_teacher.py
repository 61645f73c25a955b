"""The teacher does what autograd does, in fewer passes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training.teacher import LAYERS, PLAN, TAPS, Teacher, statistics


def reference(image: Tensor, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The features by ordinary layers."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    x, found = F.pad((image - mean) / deviation, (1,) * 4, mode="replicate"), {}
    for k in PLAN:
        if k is None:
            x = F.max_pool2d(x, 2)
            continue
        kernel, bias = weights[f"features.{k}.weight"], weights[f"features.{k}.bias"]
        x = F.relu(F.conv2d(x, kernel, bias, padding=0 if k == 0 else 1))
        if k in TAPS:
            found[TAPS[k]] = x
    return found


def test_features_and_statistics_are_those_of_ordinary_layers(
    teacher: Teacher, tiny_weights: dict[str, Tensor]
) -> None:
    image = torch.rand(2, 3, 32, 48)
    seen, expected = teacher(image), reference(image, tiny_weights)
    assert tuple(seen) == LAYERS
    for layer, features in expected.items():
        torch.testing.assert_close(seen[layer].features, features, atol=1e-5, rtol=1e-4)
        flat = features.flatten(2)
        torch.testing.assert_close(seen[layer].mean, flat.mean(2), atol=1e-5, rtol=1e-4)
        gram = flat @ flat.mT / flat.shape[2]
        torch.testing.assert_close(seen[layer].gram, gram, atol=1e-5, rtol=1e-4)


def test_gradients_are_those_of_autograd(teacher: Teacher, tiny_weights: dict[str, Tensor]) -> None:
    image = torch.rand(2, 3, 32, 32)
    one, other = (image.clone().requires_grad_() for _ in range(2))
    total = torch.zeros(())
    for seen in teacher(one).values():
        total = total + seen.gram.square().sum() + seen.mean.sum() + seen.features.sin().sum()
    total.backward()
    total = torch.zeros(())
    for features in reference(other, tiny_weights).values():
        mean, gram = statistics(features)
        total = total + gram.square().sum() + mean.sum() + features.sin().sum()
    total.backward()
    assert one.grad is not None
    torch.testing.assert_close(one.grad, other.grad, atol=1e-4, rtol=1e-3)


def test_features_alone_are_the_same_and_carry_no_gradient(teacher: Teacher) -> None:
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    alone, seen = teacher.features(image), teacher(image)
    for layer in LAYERS:
        assert not alone[layer].requires_grad
        torch.testing.assert_close(alone[layer], seen[layer].features.detach())


def test_bfloat16_is_close(teacher: Teacher, tiny_weights: dict[str, Tensor]) -> None:
    image = torch.rand(1, 3, 32, 32)
    coarse, exact = Teacher(tiny_weights, torch.bfloat16)(image), teacher(image)
    for layer in LAYERS:
        assert coarse[layer].gram.dtype == torch.float32
        error = (coarse[layer].gram - exact[layer].gram).norm() / exact[layer].gram.norm()
        assert error < 0.03
