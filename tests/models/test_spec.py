import base64
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.models import assets
from impasto.models.spec import ModelSpec

PAINTER = assets.FOLDER / "painter.onnx"


def test_what_ships_says_what_it_is():
    kinds = {"painter": "painter", "style_encoder": "style-encoder"}
    kinds["content_statistics"] = "content-statistics"
    specs = {name: ModelSpec.read(assets.FOLDER / f"{name}.onnx") for name in kinds}
    assert {name: spec.kind for name, spec in specs.items()} == kinds
    assert len({spec.fingerprint for spec in specs.values()}) == 1
    painter = specs["painter"]
    assert (painter.stride, painter.halo, painter.min_side) == (8, 32, 24)
    assert (painter.work_side, painter.detail_side) == (640, 1536)
    assert painter.style_encoder == "style_encoder.onnx"


def test_it_agrees_with_onnx():
    onnx = pytest.importorskip("onnx")
    props = {entry.key: entry.value for entry in onnx.load(PAINTER).metadata_props}
    spec = ModelSpec.read(PAINTER)
    assert props == {"impasto": props["impasto"], **spec.to_metadata()}
    assert ModelSpec.from_metadata(props) == spec


def test_the_vector_of_the_photo_itself():
    spec = ModelSpec.read(PAINTER)
    assert spec.photo_style().shape == (spec.style_size,)
    assert replace(spec, photo_vector="").photo_style() is None
    vector = np.array([0.5, -2, 1000], np.float16)
    text = base64.b64encode(vector.tobytes()).decode()
    assert np.array_equal(replace(spec, photo_vector=text).photo_style(), vector)


@pytest.mark.parametrize(
    "change", [{"kind": "poet"}, {"stride": "0"}, {"halo": "-1"}, {"halo": "x"}]
)
def test_refuses_metadata_that_makes_no_sense(change):
    metadata = ModelSpec.read(PAINTER).to_metadata()
    changed = {f"impasto.{name}": value for name, value in change.items()}
    with pytest.raises(ValueError):
        ModelSpec.from_metadata(metadata | changed)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"a\.onnx: no such file"):
        ModelSpec.read(tmp_path / "a.onnx")


def test_a_network_of_somebody_else(tmp_path):
    onnx = pytest.importorskip("onnx")
    network = onnx.load(PAINTER)
    onnx.helper.set_model_props(network, {"author": "somebody"})
    onnx.save(network, tmp_path / "a.onnx")
    with pytest.raises(InputError, match="not a model of this version of impasto; export it again"):
        ModelSpec.read(tmp_path / "a.onnx")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_bytes(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("spec") / "any.onnx"
    content = data.draw(st.binary(max_size=200))
    if data.draw(st.booleans()):
        content = PAINTER.read_bytes()[-800:][: data.draw(st.integers(0, 800))] + content
    path.write_bytes(content)
    try:
        ModelSpec.read(path)
    except InputError as problem:
        assert str(problem).startswith(f"{path}: ")
