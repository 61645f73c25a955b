"""Checkpoints that another program wrote: rightly sealed, and with anything in them."""

import copy
import itertools

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import impasto
from impasto.errors import InputError, SettingError
from impasto.optimization import sealed
from impasto.optimization.solver import PATIENCE

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 10**30, "", "two\nlines", 0.5, float("nan")]),
    st.builds(list),
    st.builds(dict),
    st.sampled_from(
        [
            torch.zeros(()),
            torch.zeros(1, 3, 8, 8),
            torch.zeros(1, 3, 8, 8, dtype=torch.float64),
            torch.full((1, 3, 24, 32), torch.nan),
            torch.zeros(3, dtype=torch.int64),
        ]
    ),
)
"""What may stand where it does not belong."""


@pytest.fixture(scope="module", params=["adam", "lbfgs"])
def job(request, blotches, compact_weights, tmp_path_factory):
    """A small painting, in the middle of its first scale, and what its checkpoint holds."""
    path = tmp_path_factory.mktemp("job") / "checkpoint"
    words = {
        "content": blotches(1, 64, 48),
        "style": blotches(2, 40, 40),
        "weights": compact_weights,
        "optimizer": request.param,
        "size": 64,
        "steps": 4,
        "device": "cpu",
    }
    steps = impasto.optimize_steps(checkpoint=path, **words)
    list(itertools.islice(steps, 2))
    steps.close()
    return path, words, sealed.unpack(path.read_bytes())


def write(path, parts):
    path.write_bytes(sealed.pack(parts))


def places(parts, found=()):
    """The ways to everything in nested dicts and lists."""
    inner = {dict: lambda: parts.items(), list: lambda: enumerate(parts)}
    for key, value in inner.get(type(parts), lambda: ())():
        yield (*found, key)
        yield from places(value, (*found, key))


def goes_on_or_refuses(path, words):
    try:
        painting = impasto.optimize(resume=path, **words)
    except (InputError, SettingError) as problem:
        assert str(problem).startswith(f"{path}: ")
        assert str(problem).isprintable()
    else:
        assert painting.size == (64, 48)


def test_what_was_not_changed_goes_on(job):
    path, words, parts = job
    write(path, parts)
    assert len(impasto.optimize(resume=path, **words).losses) == 4


def test_an_identity_with_a_tensor(job):
    path, words, parts = job
    spoilt = copy.deepcopy(parts)
    spoilt["identity"]["content"] = torch.zeros(3)
    write(path, spoilt)
    with pytest.raises(InputError):
        impasto.optimize(resume=path, **words)


# A failure is not made smaller: every try paints a picture.
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],
)
@given(st.data())
def test_anything_in_the_place_of_a_part(job, data):
    path, words, parts = job
    spoilt = copy.deepcopy(parts)
    *way, last = data.draw(st.sampled_from(list(places(parts))))
    at = spoilt
    for key in way:
        at = at[key]
    if data.draw(st.booleans()):
        at[last] = data.draw(ODD)
    else:
        del at[last]
    write(path, spoilt)
    goes_on_or_refuses(path, words)


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": 1, "step": 1},
        {"scale": 7, "step": 0},
        {"scale": 0, "step": 0},
        {"step": 5},
        {"step": -1},
        {"scale": True},
        {"nonfinite_steps": PATIENCE + 1},
        {"canvas": torch.zeros(1, 3, 48, 63)},
        {"canvas": torch.zeros(3, 48, 64)},
    ],
)
def test_states_of_another_painting(job, changes):
    path, words, parts = job
    write(path, parts | {"state": parts["state"] | changes})
    with pytest.raises(InputError, match="not a checkpoint of this version"):
        impasto.optimize(resume=path, **words)
