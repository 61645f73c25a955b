"""The schedule doubles up to the size asked for; quality and size decide the steps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.optimization.schedule import SMALLEST, SMALLEST_PAINTED, Scale, schedule

sides = st.integers(1, 16384)
qualities = st.sampled_from(["draft", "good", "best"])


@given(sides, qualities)
def test_sides_increase_up_to_the_side_asked_for(side, quality):
    found = [scale.side for scale in schedule(side, quality)]
    assert found[-1] == side
    assert found == sorted(set(found))


@given(sides, qualities)
def test_the_first_scale_is_near_the_smallest_or_the_side_itself(side, quality):
    first = schedule(side, quality)[0].side
    assert first == side or 0.75 * SMALLEST <= first <= 1.5 * SMALLEST


@given(sides, qualities)
def test_each_side_is_about_twice_the_one_before(side, quality):
    found = [scale.side for scale in schedule(side, quality)]
    for smaller, larger in pairwise(found):
        assert 2 * smaller - 1 <= larger <= 2 * smaller + 1


@given(sides, qualities, st.integers(1, 1000))
def test_steps_given_hold_at_every_scale(side, quality, steps):
    assert {scale.steps for scale in schedule(side, quality, steps)} == {steps}


@given(sides)
def test_better_quality_takes_more_steps_at_the_same_sides(side):
    draft, good, best = (schedule(side, quality) for quality in ("draft", "good", "best"))
    for quick, usual, slow in zip(draft, good, best, strict=True):
        assert quick.side == usual.side == slow.side
        assert 1 <= quick.steps < usual.steps < slow.steps
        assert quick.fine >= usual.fine >= slow.fine


@given(sides, qualities)
def test_finer_scales_take_no_more_steps_than_coarser_ones(side, quality):
    steps = [scale.steps for scale in schedule(side, quality)]
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize(
    ("side", "sides"),
    [
        (64, [64]),
        (192, [192]),
        (193, [96, 193]),
        (512, [128, 256, 512]),
        (1000, [125, 250, 500, 1000]),
    ],
)
def test_sides_by_example(side, sides):
    assert [scale.side for scale in schedule(side)] == sides


@pytest.mark.parametrize(
    ("side", "sides"), [(100, [100]), (384, [384]), (386, [193, 386]), (1024, [256, 512, 1024])]
)
def test_what_is_painted_already_skips_the_coarsest_scale(side, sides):
    found = schedule(side, smallest=SMALLEST_PAINTED)
    assert [scale.side for scale in found] == sides
    assert found == schedule(side)[-len(sides) :]


def test_only_the_last_scales_are_for_the_fast_encoder():
    fine = [scale.fine for scale in schedule(2048)]
    assert fine == [False, False, False, True, True]
    assert not any(scale.fine for scale in schedule(512))


def test_cost_grows_with_the_pixels():
    small, large = schedule(512)[-2:]
    assert 3 < large.step_cost / small.step_cost < 4
    assert large.cost == large.cost_until(large.steps)
    assert large.cost_until(2) - large.cost_until(1) == large.step_cost


def test_a_scale_is_a_side_and_its_steps():
    assert schedule(100, steps=7) == (Scale(side=100, steps=7),)
