import torch

from impasto.optimization.parametrization import CHROMA, decorrelate, to_rgb


def test_there_and_back():
    image = torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(to_rgb(decorrelate(image)), image)
    canvas = torch.randn(1, 3, 5, 7, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(decorrelate(to_rgb(canvas)), canvas)


def test_one_coordinate_is_brightness_and_two_are_colour():
    grey = torch.full((1, 3, 2, 2), 0.25)
    canvas = decorrelate(grey)
    torch.testing.assert_close(canvas[:, 0], grey[:, 0])
    torch.testing.assert_close(canvas[:, 1:], torch.zeros(1, 2, 2, 2))


def test_colour_changes_more_slowly_than_brightness():
    """A step of one size in every coordinate changes RGB less along the axes of colour."""
    steps = torch.eye(3)[:, :, None, None]
    brightness, red_blue, green_magenta = to_rgb(steps).flatten(1).norm(dim=1)
    assert brightness > red_blue > green_magenta
    torch.testing.assert_close(red_blue, torch.tensor(CHROMA[0]) * 2**0.5)


def test_gradients_reach_the_canvas():
    canvas = torch.zeros(1, 3, 2, 2, requires_grad=True)
    to_rgb(canvas).sum().backward()
    assert canvas.grad[:, 0].eq(3).all()
