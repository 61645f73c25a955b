from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import WeightsError
from impasto.feedforward import stylizer, tiles
from impasto.feedforward.encoder import STRIDE
from impasto.feedforward.stylizer import Brush, render
from impasto.image.resize import resize


@given(st.integers(16, 20_000), st.integers(320, 3_000))
def test_spans_cover_an_axis_and_weigh_one_everywhere(length, tile):
    total = np.zeros(length)
    plan = tiles.spans(length, tile)
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
    plan = tiles.spans(length, tile)
    for before, after in pairwise(plan):
        assert tiles.OVERLAP - STRIDE < before.stop - after.start <= tiles.OVERLAP + 6 * STRIDE


def test_spans_do_not_use_what_the_network_saw_at_a_border():
    first, second, *_ = tiles.spans(1000, 400)
    assert first.weights[-tiles.SPOILED :] == pytest.approx(0)
    assert second.weights[: tiles.SPOILED] == pytest.approx(0)
    assert first.weights[0] == 1


def test_merged_statistics_are_those_of_the_whole():
    rng = np.random.default_rng(1)
    whole = rng.normal(rng.normal(size=(5, 1)), 2, (5, 900))
    parts = np.split(whole, [100, 500], axis=1)
    found = [np.stack([p.mean(1), p.var(1)]).astype(np.float32) for p in parts]
    merged = tiles.merged(found, [p.shape[1] for p in parts])
    assert merged == pytest.approx(np.stack([whole.mean(1), whole.var(1)]), abs=1e-5)


@pytest.fixture(scope="module")
def photo(astronaut):
    """(700, 900, 3), smooth here and detailed there."""
    return resize(astronaut, (900, 700))


def test_parts_painted_by_the_statistics_of_the_whole_are_the_whole(photo, wave):
    brush = Brush(photo, wave, "cpu")
    whole, statistics = brush.paint(photo)
    part, _ = brush.paint(photo[160:560, 240:800], statistics)
    inner = slice(136, -136)
    assert part[:, inner, inner] == pytest.approx(
        whole[:, 160:560, 240:800][:, inner, inner], abs=0.01
    )


def test_tiled_is_nearly_untiled_even_at_the_border(photo, wave, flow, monkeypatch):
    monkeypatch.setattr(tiles, "THUMBNAIL", 600)
    for style in (wave, flow):
        whole = render(photo, style, device="cpu")
        difference = np.abs(render(photo, style, tile=448, device="cpu") - whole).mean(2)
        assert difference.mean() < 7 / 255
        for side in (difference[:16], difference[-16:], difference[:, :16], difference[:, -16:]):
            assert side.mean() < 12 / 255


def test_surveyed_statistics_are_those_that_painting_finds(photo, wave):
    brush = Brush(photo, wave, "cpu")
    _, found = brush.paint(photo)
    surveyed = brush.survey(photo)
    mean, deviation = surveyed[0], np.sqrt(surveyed[1])
    assert mean == pytest.approx(found[0, : len(mean)], abs=1e-3)
    assert deviation == pytest.approx(np.sqrt(found[1, : len(mean)]), abs=1e-3)


def test_refuses_a_surveyor_of_another_stylizer(photo, wave, monkeypatch):
    monkeypatch.setattr(stylizer, "SURVEYOR", "style_encoder.onnx")
    monkeypatch.setattr(stylizer.network("style_encoder.onnx", "cpu"), "metadata", {"weights": ""})
    with pytest.raises(WeightsError, match="not exported together"):
        Brush(photo, wave, "cpu").survey(photo)


def test_narrow_pictures(wave):
    rng = np.random.default_rng(1)
    ribbon = np.repeat(rng.random((20, 100, 3), np.float32), 10, 1)
    assert render(ribbon, wave, tile=320, device="cpu").shape == ribbon.shape


def test_a_ribbon_so_long_that_its_copy_would_be_too_narrow(wave, monkeypatch):
    monkeypatch.setattr(tiles, "THUMBNAIL", 320)
    ribbon = np.random.default_rng(1).random((17, 700, 3), np.float32)
    assert render(ribbon, wave, tile=320, device="cpu").shape == ribbon.shape
