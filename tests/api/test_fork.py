"""Processes that are forked from one that has painted."""

import multiprocessing
import sys

import numpy as np
import pytest

import impasto

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin",
    reason="nothing is forked here",
)


def paint(weights):
    import torch

    photo = np.random.default_rng(4).integers(0, 256, (64, 64, 3), np.uint8)
    style = np.ascontiguousarray(photo[::-1])
    painting = impasto.optimize(photo, style, size=64, steps=2, weights=weights)
    return painting.size, torch.get_num_threads()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_optimize_in_a_forked_child(compact_weights):
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        paint(compact_weights)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            assert pool.apply_async(paint, [compact_weights]).get(timeout=120) == ((64, 64), 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
