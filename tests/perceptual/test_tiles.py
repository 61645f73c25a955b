"""Tile plans cover every pixel once, start where pools do, and show enough around."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.perceptual.tiles import Span, largest_side, overlap, plan

STRIDES = st.sampled_from([1, 2, 4, 8, 16, 32])


@given(st.integers(1, 5000), st.integers(32, 600), STRIDES, st.integers(0, 200))
def test_spans_cover_every_pixel_once_and_are_no_larger_than_asked(length, side, stride, reach):
    spans = plan(length, side, stride=stride, reach=reach)
    assert [pixel for span in spans for pixel in range(span.start, span.stop)] == list(
        range(length)
    )
    assert all(0 < span.stop - span.start <= side for span in spans)


@given(st.integers(1, 5000), st.integers(32, 600), STRIDES, st.integers(0, 200))
def test_spans_keep_to_the_stride_and_show_the_reach(length, side, stride, reach):
    for span in plan(length, side, stride=stride, reach=reach):
        for border in (span.start, span.first):
            assert border % stride == 0
        for border in (span.stop, span.last):
            assert border % stride == 0 or border == length
        assert span.first == 0 or span.start - span.first >= reach
        assert span.last == length or span.last - span.stop >= reach
        assert 0 <= span.first <= span.start < span.stop <= span.last <= length


def test_spans_are_of_about_equal_length():
    lengths = [span.stop - span.start for span in plan(1040, 256, stride=16, reach=70)]
    assert lengths == [208] * 5


def test_without_a_side_there_is_one_tile():
    assert plan(100, None, stride=16, reach=70) == (Span(0, 100, 0, 100),)


def test_a_side_below_the_stride_is_refused():
    with pytest.raises(ValueError, match="a tile of 15 pixels is smaller than the stride, 16"):
        plan(100, 15, stride=16, reach=70)


@pytest.mark.parametrize(("reach", "expected"), [(0, 0), (1, 16), (16, 16), (70, 80)])
def test_the_overlap_is_the_reach_up_to_a_whole_stride(reach, expected):
    assert overlap(16, reach) == expected


def test_the_largest_side_leaves_room_for_the_surroundings():
    assert largest_side(672 * 672, stride=16, reach=70) == 512
    assert largest_side(10, stride=16, reach=70) == 320
