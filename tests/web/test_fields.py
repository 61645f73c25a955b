import pytest

from impasto.errors import SettingError
from impasto.settings import OptimizeSettings, StylizeSettings
from impasto.web.fields import check_names, form_schema, settings_from


def test_no_fields_are_the_defaults():
    assert settings_from(OptimizeSettings, {}) == OptimizeSettings()
    assert settings_from(StylizeSettings, {"size": [""], "colour": ["  "]}) == StylizeSettings()


@pytest.mark.parametrize(
    ("name", "texts", "value"),
    [
        ("size", ["64"], 64),
        ("strength", [" 0.5 "], 0.5),
        ("colour", ["linear"], "linear"),
        ("low_memory", ["true"], True),
        ("low_memory", ["OFF"], False),
        ("style_layers", ["relu1_1,relu2_1"], ("relu1_1", "relu2_1")),
        ("style_layers", ["relu1_1", "relu2_1"], ("relu1_1", "relu2_1")),
        ("style_layer_weights", ["1,2,3,4,0.5"], (1, 2, 3, 4, 0.5)),
        ("learning_rate", ["1e-2"], 0.01),
        ("init", ["noise"], "noise"),
    ],
)
def test_texts_become_values(name, texts, value):
    assert getattr(settings_from(OptimizeSettings, {name: texts}), name) == value


@pytest.mark.parametrize(
    ("name", "texts", "line"),
    [
        ("size", ["1.5"], "size is '1.5'; it must be a whole number"),
        ("size", ["9" * 5000], "it must be a whole number"),
        ("learning_rate", ["x"], "learning-rate is 'x'; it must be a number"),
        ("strength", ["inf"], "strength is inf"),
        ("low_memory", ["2"], "low-memory is '2'; it must be true or false"),
        ("style_layer_weights", ["1,x"], "style-layer-weights is 'x'; it must be a number"),
        ("seed", ["1", "2"], "seed is given 2 times; give it once"),
        ("style_layers", [","], "style-layers is empty"),
    ],
)
def test_a_wrong_text_is_one_line(name, texts, line):
    with pytest.raises(SettingError) as problem:
        settings_from(OptimizeSettings, {name: texts})
    assert line in str(problem.value)
    assert len(str(problem.value)) < 120


def test_a_misspelt_field_is_told():
    check_names(["size"], ["size", "seed"])
    with pytest.raises(SettingError, match="no field 'sice'; did you mean size"):
        check_names(["sice"], ["size", "seed"])
    with pytest.raises(SettingError, match="there are: size, seed"):
        check_names(["q" * 500], ["size", "seed"])


def test_a_setting_is_left_out_rather_than_null():
    schema = form_schema(StylizeSettings, {"photo": {"type": "string"}}, required=["photo"])
    assert schema["required"] == ["photo"]
    assert "default" not in schema["properties"]["size"]
    assert schema["properties"]["size"]["type"] == "integer"
    assert schema["properties"]["strength"]["default"] == 1.0
