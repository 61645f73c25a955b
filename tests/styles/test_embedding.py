from dataclasses import replace

import numpy as np
import pytest

from impasto.errors import InputError, SettingError
from impasto.styles.embedding import LARGEST_VECTOR, blend, interpolate


def same(a, b):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("vector", "colour_mean", "colour_covariance")
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": {}}, "the style has no vector"),
        ({"vectors": {"e": np.zeros((2, 3), np.float32)}}, r"vector has float32 of shape \(2, 3\)"),
        ({"vectors": {"e": np.zeros(0, np.float32)}}, "vector has float32 of shape"),
        ({"vectors": {"e": np.zeros(LARGEST_VECTOR + 1, np.float32)}}, "vector has float32"),
        ({"vectors": {"e": np.zeros(9)}}, "vector has float64"),
        ({"vectors": {"e": np.full(9, np.nan, np.float32)}}, "vector holds values that no picture"),
        ({"vectors": {"e": np.full(9, 1e30, np.float32)}}, "vector holds values that no picture"),
        ({"colour_mean": np.full(3, np.inf, np.float32)}, "colour_mean holds values"),
        ({"colour_covariance": np.triu(np.ones((3, 3), np.float32))}, "not symmetric"),
        ({"colour_covariance": -np.eye(3, dtype=np.float32)}, "negative variances"),
    ],
)
def test_refuses_what_is_no_style(make_style, changes, message):
    with pytest.raises(InputError, match=message):
        replace(make_style(), **changes)


def test_blend_is_the_weighted_average(make_style):
    a, b = make_style(1, title="one"), make_style(2, title="two")
    mixed = blend([a, b], [3, 1])
    assert mixed.vector == pytest.approx(0.75 * a.vector + 0.25 * b.vector, abs=1e-6)
    assert mixed.colour_mean == pytest.approx(0.75 * a.colour_mean + 0.25 * b.colour_mean)
    assert mixed.title == "one + two"
    assert same(blend([a, b], [30, 10]), mixed)


def test_ends_are_exactly_the_single_styles(make_style):
    a, b = make_style(1), make_style(2)
    assert interpolate(a, b, 0) is a
    assert interpolate(a, b, 1) is b
    assert blend([a, b], [0, 2]) is b
    assert same(interpolate(a, b, 0.5), interpolate(b, a, 0.5))


def test_interpolation_is_straight(make_style):
    a, b = make_style(1), make_style(2)
    moved = [np.abs(interpolate(a, b, t).vector - a.vector).mean() for t in (0.25, 0.5, 1)]
    assert moved[:2] == pytest.approx([moved[2] / 4, moved[2] / 2], rel=1e-4)


@pytest.mark.parametrize("weights", [[1, -1], [1, float("nan")], [float("inf"), 1]])
def test_blend_refuses_weights(make_style, weights):
    with pytest.raises(SettingError, match="must be from 0"):
        blend([make_style(1), make_style(2)], weights)


@pytest.mark.parametrize("weights", [[], [0], [0, 0.0]])
def test_blend_of_nothing(make_style, weights):
    with pytest.raises(SettingError, match="all styles have weight 0"):
        blend([make_style() for _ in weights], weights)


def test_styles_of_two_spaces_do_not_mix(make_style):
    with pytest.raises(InputError, match="different models"):
        blend([make_style(1), make_style(2, encoder="other")], [1, 1])
    short = {"encoder": make_style(2).vector[:7]}
    with pytest.raises(InputError, match="different models"):
        blend([make_style(1), replace(make_style(2), vectors=short)], [1, 1])


def test_a_blend_has_the_spaces_that_all_styles_have(make_style):
    a, b = make_style(1), make_style(2)
    both = replace(a, vectors={"more": np.ones(3, np.float32), **a.vectors})
    mixed = blend([both, b], [1, 3])
    assert list(mixed.vectors) == ["encoder"]
    assert mixed.vector == pytest.approx(0.25 * a.vector + 0.75 * b.vector, abs=1e-6)


@pytest.mark.parametrize("t", [-0.1, 1.1, float("nan")])
def test_interpolate_refuses(make_style, t):
    with pytest.raises(SettingError, match="from 0 to 1"):
        interpolate(make_style(1), make_style(2), t)
