"""Every setting is checked: its type, its bounds, its words; each complaint is one line."""

import json
import math
from dataclasses import FrozenInstanceError, asdict, fields

import numpy as np
import pytest

from impasto.errors import SettingError
from impasto.schema import region_weight, style_weights
from impasto.settings import (
    STYLE_LAYER_WEIGHTS,
    OptimizeSettings,
    PaintSettings,
    StylizeSettings,
)

KINDS = (OptimizeSettings, StylizeSettings)


def test_defaults_are_within_their_own_bounds():
    OptimizeSettings()


def test_every_setting_says_what_it_does():
    for entry in fields(OptimizeSettings):
        assert entry.metadata["help"].endswith("."), entry.name


def test_settings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        OptimizeSettings().strength = 0.5


@pytest.mark.parametrize(
    "accepted",
    [
        {"size": 16},
        {"size": 16384},
        {"size": None},
        {"strength": 0},
        {"strength": 1},
        {"brush": 0.1},
        {"learning_rate": None},
        {"style_layers": ("relu1_1",), "style_layer_weights": (2,)},
        {"style_layers": ("relu1_1", "relu2_1"), "style_layer_weights": (0, 0.5)},
        {"low_memory": True},
        {"size": np.int64(64), "seed": np.uint32(7), "strength": np.float32(0.5)},
        {"style_layers": ("relu1_1",), "style_layer_weights": (np.float32(2),)},
        {"seed": 2**32 - 1},
    ],
)
def test_values_at_the_bounds_are_accepted(accepted):
    settings = OptimizeSettings(**accepted)
    assert {name: getattr(settings, name) for name in accepted} == accepted
    json.dumps(asdict(settings))  # which takes no numbers of NumPy's


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("size", 15, "size is 15; it must be from 16 to 16384"),
        ("size", 16385, "size is 16385; it must be from 16 to 16384"),
        ("size", 10**400, "it must be from 16 to 16384"),
        ("size", 512.0, "size is 512.0; it must be a whole number"),
        ("size", "512", "size is '512'; it must be a whole number"),
        ("size", True, "size is True; it must be a whole number"),
        ("size", np.float32(64), "it must be a whole number"),
        ("quality", np.array(["good"]), "it can be: draft, good, best"),
        ("strength", -0.01, "strength is -0.01; it must be from 0 to 1"),
        ("strength", 1.5, "strength is 1.5; it must be from 0 to 1"),
        ("strength", math.nan, "strength is nan; it must be from 0 to 1"),
        ("strength", True, "strength is True; it must be a number"),
        ("strength", None, "strength is None; it must be a number"),
        ("brush", 0.0, "brush is 0.0; it must be from 0.1 to 4"),
        ("content_weight", math.inf, "content-weight is inf; it must be from 0"),
        ("tv_weight", -math.inf, "tv-weight is -inf; it must be from 0"),
        ("steps", 0, "steps is 0; it must be from 1 to 100000"),
        ("seed", -1, "seed is -1; it must be from 0"),
        ("seed", 2**64, "it must be from 0"),
        ("quality", "superb", "quality is 'superb'; it can be: draft, good, best"),
        ("quality", 1, "quality is 1; it can be: draft, good, best"),
        ("optimizer", "Adam", "optimizer is 'Adam'; it can be: adam, lbfgs"),
        ("encoder", None, "encoder is None; it can be: auto, compact, vgg16, vgg19"),
        ("low_memory", "yes", "low-memory is 'yes'; it must be True or False"),
        ("low_memory", 1, "low-memory is 1; it must be True or False"),
        ("init", 3, "init is 3; it must be text"),
        ("style_layers", "relu1_1", "style-layers is 'relu1_1'; it must be a tuple"),
        ("style_layers", ["relu1_1"], "style-layers is ['relu1_1']; it must be a tuple"),
        ("style_layers", (1,), "style-layers is 1; it must be text"),
        ("style_layers", (), "style-layers is empty; name at least one layer"),
        ("content_layers", (), "content-layers is empty; name at least one layer"),
        ("content_layers", None, "content-layers is None; it must be a tuple"),
        ("content_layers", ("relu4_2", "relu4_2"), "names a layer twice: relu4_2, relu4_2"),
        ("style_layer_weights", 1.0, "style-layer-weights is 1.0; it must be a tuple"),
        ("style_layer_weights", (1.0, 1.0), "has 2 values for 5 style layers"),
        ("style_layer_weights", (0.0,) * 5, "are all 0; make at least one larger"),
        ("style_layer_weights", (1, 1, 1, 1, -1), "style-layer-weights is -1; it must be from 0"),
        ("style_layer_weights", (1, 1, 1, 1, math.nan), "style-layer-weights is nan"),
    ],
)
def test_a_wrong_value_is_named_in_one_line_with_what_is_allowed(name, value, complaint):
    with pytest.raises(SettingError) as caught:
        OptimizeSettings(**{name: value})
    message = str(caught.value)
    assert complaint in message
    assert "\n" not in message


def test_one_of_style_and_content_must_count():
    with pytest.raises(SettingError, match="style-weight and content-weight are both 0"):
        OptimizeSettings(style_weight=0, content_weight=0)
    OptimizeSettings(style_weight=0)
    OptimizeSettings(content_weight=0)


def test_a_setting_error_is_a_value_error_and_wrong_use():
    with pytest.raises(ValueError) as caught:
        OptimizeSettings(strength=2)
    assert caught.value.exit_code == 2


def test_both_engines_take_the_same_words_within_the_same_bounds():
    shared = {entry.name for entry in fields(PaintSettings)}
    both = [{entry.name: entry for entry in fields(kind)} for kind in KINDS]
    assert both[0].keys() & both[1].keys() == shared
    for name in shared:
        one, other = (entries[name] for entries in both)
        assert (one.metadata, one.default, one.type) == (other.metadata, other.default, other.type)


@pytest.mark.parametrize("weight", [0, 0.5, 1, np.float32(0.25)])
def test_a_region_s_weight_is_a_share(weight):
    assert region_weight("region 1", weight) == weight


@pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan, math.inf])
def test_a_region_s_weight_is_no_more_than_a_share(weight):
    message = r"the weight of region 3 is .*; it must be from 0 to 1"
    with pytest.raises(SettingError, match=message):
        region_weight("region 3", weight)


def test_a_style_s_weight_is_any_up_to_a_million():
    assert style_weights([0, 1e6, np.float32(0.5)]) == [0, 1e6, 0.5]
    for weight in (-1, math.nan, math.inf, 1e308, 10**400, "2"):
        with pytest.raises(SettingError, match=r"the weight of style 2 is .*; it must be"):
            style_weights([1, weight])
    for weights in ([], [0, 0.0]):
        with pytest.raises(SettingError, match="all styles have weight 0"):
            style_weights(weights)


def test_default_layers_have_weights_of_their_own():
    assert OptimizeSettings().layer_weights == STYLE_LAYER_WEIGHTS
    assert OptimizeSettings(style_layers=("relu2_1", "relu3_1")).layer_weights == (1, 1)
    given = OptimizeSettings(style_layer_weights=(1, 2, 3, 4, 5))
    assert given.layer_weights == (1, 2, 3, 4, 5)
