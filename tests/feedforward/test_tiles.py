from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.feedforward import tiles
from impasto.image.resize import resize
from impasto.models.assets import FOLDER
from impasto.models.spec import ModelSpec

SPEC = ModelSpec.read(FOLDER / "painter.onnx")
STRIDE, HALO, OVERLAP = SPEC.stride, SPEC.halo, tiles.overlap(SPEC)


@given(st.integers(16, 20_000), st.integers(320, 3_000))
def test_spans_cover_an_axis_and_weigh_one_everywhere(length, tile):
    total = np.zeros(length)
    plan = tiles.spans(length, tile, SPEC)
    for span in plan:
        assert 0 <= span.start < span.stop <= length
        assert span.stop - span.start < tile + STRIDE
        assert span.start % STRIDE == 0
        assert span.weights.shape == (span.stop - span.start,)
        assert span.weights.min() >= 0
        total[span.start : span.stop] += span.weights
    assert total == pytest.approx(1)
    assert len(plan) == 1 or length > tile


@given(st.integers(16, 20_000), st.integers(320, 3_000))
def test_spans_overlap_enough_and_not_much_more(length, tile):
    plan = tiles.spans(length, tile, SPEC)
    for before, after in pairwise(plan):
        assert OVERLAP - STRIDE < before.stop - after.start <= OVERLAP + 6 * STRIDE


def test_spans_do_not_use_what_the_network_saw_at_a_border():
    first, second, *_ = tiles.spans(1000, 400, SPEC)
    assert first.weights[-HALO:] == pytest.approx(0)
    assert second.weights[:HALO] == pytest.approx(0)
    assert first.weights[0] == 1


def test_pooled_statistics_are_those_of_the_whole():
    rng = np.random.default_rng(1)
    whole = rng.normal(rng.normal(size=(5, 1)), 2, (5, 900))
    parts = np.split(whole, [100, 500], axis=1)
    found = [np.stack([p.mean(1), p.var(1)]).astype(np.float32) for p in parts]
    merged = tiles.pool_statistics(found, [p.shape[1] for p in parts])
    assert merged == pytest.approx(np.stack([whole.mean(1), whole.var(1)]), abs=1e-5)


@pytest.fixture(scope="module")
def photo(astronaut):
    """(700, 900, 3), smooth here and detailed there."""
    return resize(astronaut, (900, 700))


def test_parts_painted_by_the_statistics_of_the_whole_are_the_whole(photo, wave, model):
    styled = model.styled(photo, wave)
    whole, statistics = styled.paint(photo)
    part, _ = styled.paint(photo[160:560, 240:800], statistics)
    inner = slice(136, -136)
    assert part[:, inner, inner] == pytest.approx(
        whole[:, 160:560, 240:800][:, inner, inner], abs=0.01
    )


def test_tiled_is_nearly_untiled_even_at_the_border(photo, wave, flow, render):
    for style in (wave, flow):
        whole = render(photo, style)
        difference = np.abs(render(photo, style, tile=448) - whole).mean(2)
        assert difference.mean() < 7 / 255
        for side in (difference[:16], difference[-16:], difference[:, :16], difference[:, -16:]):
            assert side.mean() < 12 / 255


def test_narrow_pictures(wave, render):
    rng = np.random.default_rng(1)
    ribbon = np.repeat(rng.random((20, 100, 3), np.float32), 10, 1)
    assert render(ribbon, wave, tile=320).shape == ribbon.shape


def test_a_ribbon_so_long_that_its_copy_would_be_too_narrow(wave, render):
    ribbon = np.random.default_rng(1).random((17, 700, 3), np.float32)
    assert render(ribbon, wave, tile=256).shape == ribbon.shape
