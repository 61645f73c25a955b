"""Settings of any value: settings that can be written as JSON and read again, or one line."""

import json
from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import SettingError
from impasto.settings import OptimizeSettings, StylizeSettings

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.fractions(),
    st.decimals(),
    st.complex_numbers(),
    st.lists(st.integers(), max_size=3),
    st.tuples(st.floats(), st.text(max_size=3)),
    st.sampled_from(["good", "best", "luminance", "cpu", "auto", "adam", "vgg19", "relu1_1"]),
    st.lists(st.sampled_from(["relu1_1", "relu4_2", "x"]), max_size=3).map(tuple),
    st.integers(-(2**31), 2**31 - 1).map(np.int64),
    st.integers(0, 255).map(np.uint8),
    st.floats(0, 4, width=32).map(np.float32),
    st.just(np.zeros(3)),
    st.just(np.zeros((2, 2), "U3")),
)


@pytest.mark.parametrize("kind", [OptimizeSettings, StylizeSettings])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_value_of_any_setting(kind, data):
    name = data.draw(st.sampled_from([entry.name for entry in fields(kind)]))
    try:
        chosen = kind(**{name: data.draw(VALUES)})
    except SettingError as problem:
        assert str(problem).isprintable()
        assert str(problem).startswith(name.replace("_", "-"))
    else:
        told = json.loads(json.dumps(asdict(chosen), allow_nan=False))
        again = {key: tuple(v) if isinstance(v, list) else v for key, v in told.items()}
        assert kind(**again) == chosen
