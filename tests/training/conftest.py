"""Small pictures to train on; a short training; teachers; an untrained painter."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# The last two are held out: so their hashes say.
NAMES = ("000.png", "001.png", "sub/002.jpg", "sub/003.webp", "012.png", "sub/088.png")


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Four images to train on and two held-out ones, 60 to 90 pixels a side."""
    root = tmp_path_factory.mktemp("images")
    (root / "sub").mkdir()
    rng = np.random.default_rng(1)
    for name in NAMES:
        coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3), np.uint8))
        size = (int(rng.integers(60, 90)), int(rng.integers(60, 90)))
        coarse.resize(size, Image.Resampling.BICUBIC).save(root / name)
    (root / "notes.txt").write_text("no picture")
    return root


@pytest.fixture
def styles(tmp_path: Path) -> Path:
    """The pictures of two styles."""
    styles = tmp_path / "styles"
    styles.mkdir()
    rng = np.random.default_rng(0)
    for name in ("dots", "stripes"):
        pixels = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        resample = Image.Resampling.NEAREST
        Image.fromarray(pixels).resize((96, 96), resample).save(styles / f"{name}.png")
    return styles


@pytest.fixture
def training(tmp_path: Path, folder: Path, styles: Path):
    """A training of the painter with two styles, of four steps."""
    from impasto.training.loop import Schedule
    from impasto.training.settings import PainterTraining

    return PainterTraining(
        photos=[folder],
        styles=styles,
        out=tmp_path / "out",
        schedule=Schedule(steps=4, learning_rate=0.02, warmup=1, save_every=2),
        size=48,
        batch=2,
        preview_every=4,
    )


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """An untrained painter with a predictor, of random vectors."""
    import torch
    from safetensors.torch import save_file

    from impasto.networks.painter import VECTOR, Palette
    from impasto.networks.predictor import Predictor
    from impasto.training.styled import IDENTITY, StyledPainter

    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = StyledPainter([IDENTITY, "great-wave", "not-in-the-catalogue"])
        predictor = Predictor(0.1 * torch.randn(3, VECTOR))
        torch.nn.init.normal_(predictor.correction.weight, std=0.002)
        # Of equal weights, such as biases of zeros, the exporter keeps one.
        for value in (*network.parameters(), *predictor.parameters()):
            value.data.add_(0.001 * torch.randn_like(value))
        # A first step measures what variances are usual.
        photo, palette = torch.rand(1, 3, 64, 64), Palette(torch.rand(1, 3), torch.eye(3)[None])
        with torch.no_grad():
            network(photo, palette, "great-wave")
        # What never varies, as features that are always zero.
        predictor.standardise.mean.fill_(-6.9078)
        predictor.standardise.variance[::2] = 0
    path = tmp_path_factory.mktemp("weights") / "painter.safetensors"
    added = {f"predictor.{k}": v for k, v in predictor.state_dict().items()}
    save_file(network.state_dict() | added, path)
    return path


WIDTHS = {0: 4, 2: 4, 5: 6, 7: 6, 10: 8, 12: 8, 14: 8, 17: 10, 19: 10, 21: 10, 24: 12}
"""Channels of a VGG-16 with few, by torchvision's numbers of its convolutions."""


@pytest.fixture(scope="session")
def tiny_weights():
    """Random weights by VGG-16's names, with few channels."""
    import torch

    generator = torch.Generator().manual_seed(0)
    weights, inputs = {}, 3
    for k, outputs in WIDTHS.items():
        kernel = torch.randn(outputs, inputs, 3, 3, generator=generator)
        weights[f"features.{k}.weight"] = kernel / (3 * inputs**0.5)
        weights[f"features.{k}.bias"] = torch.randn(outputs, generator=generator) / 4
        inputs = outputs
    return weights


@pytest.fixture
def teacher(tiny_weights):
    """A teacher with few channels, which sees no less well than VGG-16 that pictures differ."""
    import torch

    from impasto.training.teacher import Teacher

    return Teacher(tiny_weights, torch.float32)


@pytest.fixture(scope="session")
def vgg16():
    """The network that ships, padding as the compact encoder does."""
    from impasto.networks import encoders

    return encoders.load("vgg16", first_padding="replicate")


@pytest.fixture(scope="session")
def image(folder):
    """Eight crops, (8, 3, 48, 48)."""
    from impasto.training.encoder import pictures
    from impasto.training.images import ImageFolder, to_unit

    return to_unit(pictures([ImageFolder(folder)], np.random.default_rng(0), 8, 48))
