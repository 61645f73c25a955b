"""Styles that were drawn by lot."""

import numpy as np
import pytest

from impasto.styles.embedding import Style

SIZE = 480


@pytest.fixture
def make_style():
    def make(seed=0, encoder="encoder", **words):
        rng = np.random.default_rng(seed)
        root = rng.normal(0, 0.2, (3, 3))
        return Style(
            {encoder: rng.random(SIZE, np.float32)},
            rng.random(3, np.float32),
            (root @ root.T).astype(np.float32),
            **words,
        )

    return make
