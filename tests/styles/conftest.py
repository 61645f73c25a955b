"""Styles that were drawn by lot."""

import numpy as np
import pytest

from impasto.styles.embedding import SIZE, Style


@pytest.fixture
def make_style():
    def make(seed=0, encoder="encoder", **words):
        rng = np.random.default_rng(seed)
        root = rng.normal(0, 0.2, (3, 3))
        return Style(
            rng.random(SIZE, np.float32),
            rng.random(3, np.float32),
            (root @ root.T).astype(np.float32),
            encoder,
            **words,
        )

    return make
