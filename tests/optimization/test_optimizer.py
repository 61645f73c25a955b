"""Adam on a pyramid equals Adam on the coefficients themselves."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.optimization.optimizer import BETAS, EPSILON, PyramidAdam


def painted(levels: list[Tensor]) -> Tensor:
    """The picture of a pyramid's coefficients, from fine to coarse."""
    picture = levels[-1]
    for level in reversed(levels[:-1]):
        size = level.shape[-2:]
        picture = level + F.interpolate(picture, size, mode="bilinear", align_corners=False)
    return picture


@pytest.mark.parametrize(
    ("size", "sides"), [((32, 40), (32, 16, 8, 4)), ((17, 9), (17, 8)), ((3, 3), (3,))]
)
def test_equals_adam_on_the_coefficients(size, sides):
    torch.manual_seed(0)
    start, target = torch.rand(2, 1, 3, *size)
    canvas = start.clone().requires_grad_()
    ours = PyramidAdam(canvas, lr=0.1)

    levels = [start.clone()]
    levels += [torch.zeros(1, 3, side, size[1] // 2**n) for n, side in enumerate(sides) if n]
    for level in levels:
        level.requires_grad_()
    groups = [
        {"params": [level], "eps": EPSILON / (level.shape[2] * level.shape[3])} for level in levels
    ]
    reference = torch.optim.Adam(groups, lr=0.1 / len(levels), betas=BETAS)

    for _ in range(5):

        def closure():
            loss = (canvas - target).square().mean()
            (canvas.grad,) = torch.autograd.grad(loss, canvas)
            return loss

        ours.step(closure)
        reference.zero_grad()
        (painted(levels) - target).square().mean().backward()
        reference.step()
        torch.testing.assert_close(canvas, painted(levels), rtol=1e-4, atol=1e-5)


def test_goes_on_exactly_from_its_state():
    torch.manual_seed(0)
    canvas = torch.rand(1, 3, 20, 20).requires_grad_()
    optimizer = PyramidAdam(canvas)

    def step(canvas, optimizer):
        def closure():
            canvas.grad = canvas.detach().sin()
            return canvas.detach().sum()

        return optimizer.step(closure)

    step(canvas, optimizer)
    other = canvas.detach().clone().requires_grad_()
    resumed = PyramidAdam(other)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(3):
        assert step(canvas, optimizer) == step(other, resumed)
    assert torch.equal(canvas, other)


def test_where_there_is_only_rounding_nothing_moves():
    canvas = torch.zeros(1, 3, 64, 64, requires_grad=True)
    gradient = torch.zeros(1, 3, 64, 64)
    gradient[..., :32] = 15 / 64**2
    gradient[..., 40:] = 1e-6 * torch.randn(24) * 15 / 64**2
    optimizer = PyramidAdam(canvas, lr=0.1)

    def closure():
        canvas.grad = gradient
        return torch.tensor(0.0)

    optimizer.step(closure)
    moved = canvas.detach().abs()
    assert moved[..., 8].min() > 0.05
    assert moved[:, :, :, 62].max() < moved[..., 8].min()
