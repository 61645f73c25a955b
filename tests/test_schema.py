import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pytest

from impasto.errors import SettingError
from impasto.schema import (
    check,
    checked_number,
    help_of,
    json_schema,
    region_weight,
    setting,
    style_weights,
)
from impasto.settings import OptimizeSettings, StylizeSettings


@dataclass(frozen=True, kw_only=True)
class Tea:
    """How to make tea."""

    cups: int = setting(1, "How many cups.", minimum=1, maximum=9)
    strength: float | None = setting(None, "How strong.", minimum=0, maximum=1)
    kind: Literal["black", "green"] = setting("black", "Which leaves.")
    minutes: tuple[float, ...] = setting((3.0,), "How long each infusion takes.", minimum=0)
    milk_first: bool = setting(False, "Whether the milk goes in first.")

    def __post_init__(self) -> None:
        check(self)


def test_numbers_of_numpy_become_python_s():
    tea = Tea(cups=np.int64(2), strength=np.float32(0.5), minutes=(np.float64(1),))
    assert json.loads(json.dumps(asdict(tea)))["cups"] == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"cups": 0}, "cups is 0; it must be from 1 to 9"),
        ({"cups": 1.5}, "cups is 1.5; it must be a whole number"),
        ({"cups": True}, "cups is True; it must be a whole number"),
        ({"cups": None}, "cups is None; it must be a whole number"),
        ({"strength": float("nan")}, "strength is nan; it must be from 0 to 1"),
        ({"kind": "red"}, "kind is 'red'; it can be: black, green"),
        ({"minutes": [1]}, "minutes is [1]; it must be a tuple"),
        ({"minutes": (1, -1)}, "minutes is -1; it must be at least 0"),
        ({"milk_first": 1}, "milk-first is 1; it must be True or False"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(words, complaint):
    with pytest.raises(SettingError) as problem:
        Tea(**words)
    assert str(problem.value) == complaint


def test_help():
    assert help_of(Tea, "kind") == "Which leaves."


def test_a_schema_says_all_that_a_form_needs():
    schema = json_schema(Tea)
    assert schema["additionalProperties"] is False
    assert schema["properties"] == {
        "cups": {
            "type": "integer",
            "minimum": 1,
            "maximum": 9,
            "default": 1,
            "description": "How many cups.",
        },
        "strength": {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}],
            "default": None,
            "description": "How strong.",
        },
        "kind": {"enum": ["black", "green"], "default": "black", "description": "Which leaves."},
        "minutes": {
            "type": "array",
            "items": {"type": "number", "minimum": 0},
            "default": [3.0],
            "description": "How long each infusion takes.",
        },
        "milk_first": {
            "type": "boolean",
            "default": False,
            "description": "Whether the milk goes in first.",
        },
    }


@pytest.mark.parametrize("kind", [StylizeSettings, OptimizeSettings])
def test_all_settings_have_a_schema(kind):
    properties = json_schema(kind)["properties"]
    assert list(properties) == list(asdict(kind()))
    assert json.loads(json.dumps(properties)) == properties


def test_a_weight_is_a_number_within_bounds():
    assert region_weight("region 1", 1) == 1
    assert style_weights([3, np.float32(0.5)]) == [3, 0.5]
    for weights, complaint in (
        ([1, -1], "the weight of style 2 is -1"),
        ([0, 0], "all styles have"),
    ):
        with pytest.raises(SettingError, match=complaint):
            style_weights(weights)
    with pytest.raises(SettingError, match=r"the weight of region 2 is 1\.5"):
        region_weight("region 2", 1.5)
    with pytest.raises(SettingError, match="x is 'a'; it must be a number"):
        checked_number("x", "a", float, {"minimum": None, "maximum": None})
