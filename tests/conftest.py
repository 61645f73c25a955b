"""What several tests need: a tiny encoder, a photo and two styles."""

import os
import signal

import numpy as np
import pytest
from PIL import Image

# Tiny pictures gain nothing from threads, which on a busy machine only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell has what it starts in the background ignore Ctrl-C, and so have the programs that tests
# start, to which they send it.
if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def compact_weights(tmp_path_factory):
    """Weights for the compact encoder that are drawn by lot, not trained."""
    import torch
    from safetensors.torch import save_file

    from impasto.networks import compact

    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = compact.build()
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                torch.nn.init.constant_(module.bias, 0.01)
    path = tmp_path_factory.mktemp("weights") / "compact.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture
def seed():
    """The same random numbers for a test, whatever ran before it."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield


@pytest.fixture(scope="session")
def blotches():
    """Draws a smooth random picture."""

    def draw(seed, width, height):
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        return coarse.resize((width, height), Image.Resampling.BICUBIC)

    return draw


@pytest.fixture
def photo(tmp_path, blotches):
    """A photo of 64 x 48 pixels."""
    path = tmp_path / "photo.jpg"
    blotches(1, 64, 48).save(path)
    return path


@pytest.fixture
def wave(tmp_path, blotches):
    """A style of 56 x 56 pixels."""
    path = tmp_path / "wave.png"
    blotches(2, 56, 56).save(path)
    return path


@pytest.fixture
def flow(tmp_path, blotches):
    """Another style, of 40 x 60 pixels."""
    path = tmp_path / "flow.png"
    blotches(3, 40, 60).save(path)
    return path
