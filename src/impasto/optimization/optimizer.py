"""Adam on the levels of a Laplacian pyramid, so that large areas move as one."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

LEVELS = 6
"""Levels of the pyramid: each has half the width and height of the one before."""

SMALLEST_LEVEL = 4
"""Pixels that a side of a level has at least."""

BETAS = (0.9, 0.99)
"""How much of the gradient's mean and of its mean square each step keeps."""

EPSILON = 0.05
"""Gradients far below this, divided by the level's pixels, do not move a picture. All losses are
relative, so the gradient by a pixel is about 15 divided by the pixels, at any size. Where there is
nothing but rounding, plain Adam moves as fast as elsewhere: two machines paint two pictures."""


class PyramidAdam(Optimizer):
    """Adam (Kingma, Ba 2015) on the coefficients q of a canvas's Laplacian pyramid.

    x = q[0] + U(q[1] + U(q[2] + ...)), with U to enlarge bilinearly

    Adam moves every coordinate by about the learning rate: pixels alone, so that a flat area
    changes its colour as slowly as noise grows. STROTSS (Kolkin et al. 2019) and NNST optimize
    such pyramids. As x is linear in q, q itself need not be kept: the gradient by q[n] is that by
    x passed backwards through U.

    Args:
        canvas: (1, C, H, W).
        lr: by how much a pixel moves at most in a step, about: the levels share it.
    """

    def __init__(self, canvas: Tensor, lr: float = 0.03) -> None:
        super().__init__([canvas], {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Take a step; `closure` computes the loss and the canvas's gradient."""
        with torch.enable_grad():
            loss = closure()
        (group,) = self.param_groups
        (canvas,) = group["params"]
        gradients = list(_gradients(canvas.grad))
        state = self.state[canvas]
        if not state:
            state["step"] = 0
            state["means"] = [torch.zeros_like(gradient) for gradient in gradients]
            state["squares"] = [torch.zeros_like(gradient) for gradient in gradients]
        state["step"] += 1
        moved = None
        levels = zip(gradients, state["means"], state["squares"], strict=True)
        for gradient, mean, square in reversed(list(levels)):
            move = _adam(gradient, mean, square, state["step"])
            if moved is not None:
                move += _enlarged(moved, move)
            moved = move
        canvas.sub_(moved, alpha=group["lr"] / len(gradients))
        return loss


def _gradients(gradient: Tensor) -> Iterator[Tensor]:
    """Compute the gradient by the coefficients of each level, from fine to coarse."""
    yield gradient
    for _ in range(LEVELS - 1):
        height, width = gradient.shape[-2:]
        half = height // 2, width // 2
        if min(half) < SMALLEST_LEVEL:
            return
        shape = [*gradient.shape[:2], *half]
        gradient = torch.ops.aten.upsample_bilinear2d_backward(
            gradient.contiguous(), [height, width], shape, False
        )
        yield gradient


def _enlarged(level: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(level, like.shape[-2:], mode="bilinear", align_corners=False)


def _adam(gradient: Tensor, mean: Tensor, square: Tensor, step: int) -> Tensor:
    """Update the moments, and compute how far to go against the gradient, about 1 at the most."""
    first, second = BETAS
    mean.lerp_(gradient, 1 - first)
    square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
    root = (square / (1 - second**step)).sqrt_()
    epsilon = EPSILON / math.prod(gradient.shape[-2:])
    return mean / (1 - first**step) / root.add_(epsilon)
