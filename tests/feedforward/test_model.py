import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from impasto.errors import InputError, SettingError, WeightsError
from impasto.feedforward import model as module
from impasto.feedforward.model import FeedforwardModel, choose, encode, recolouring
from impasto.image.resize import resize
from impasto.models import assets
from impasto.models.spec import ModelSpec
from impasto.painting import Statistics
from impasto.styles.embedding import Style


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((120, 200, 3), np.float32)


def test_encode(model, picture):
    style = model.encode(picture)
    assert style.vectors.keys() == {model.spec.style_space}
    assert style.vector.shape == (model.spec.style_size,)
    assert style.colour_mean == pytest.approx(picture.mean((0, 1)), abs=2e-3)
    assert np.array_equal(style.vector, model.encode(picture).vector)


@pytest.mark.parametrize("size", [(16, 16), (17, 300), (2000, 37), (255, 257)])
def test_sizes_of_styles(model, size):
    picture = np.random.default_rng(1).random((*size, 3), np.float32)
    assert model.encode(picture).vector.shape == (model.spec.style_size,)


def test_what_need_not_be_resized_is_left_alone(model, monkeypatch):
    picture = np.random.default_rng(1).integers(0, 256, (64, 48, 3), np.uint8)
    resized = model.encode(resize(picture, (48, 64)))
    monkeypatch.setattr(module, "resize", None)
    plain = model.encode(picture)
    assert np.array_equal(plain.vector, resized.vector)
    assert np.array_equal(plain.colour_covariance, resized.colour_covariance)


def test_size_hardly_matters(model, wave, astronaut):
    """Of one picture at two sizes above `STYLE_SIDE` the styles are nearly the same."""
    large = np.kron(astronaut, np.ones((4, 4, 1), np.float32))
    larger = np.kron(astronaut, np.ones((6, 6, 1), np.float32))
    a, b = model.encode(large), model.encode(larger)
    assert np.abs(a.vector - b.vector).mean() < 0.1 * np.abs(a.vector - wave.vector).mean()


def test_a_style_of_another_space_is_refused(model, astronaut, wave):
    other = replace(wave, vectors={"other": wave.vector}, title="Wave")
    with pytest.raises(
        InputError, match=r"'Wave' belongs to another model .* again from its picture"
    ):
        choose([model], other)
    with pytest.raises(InputError, match="another model"):
        model.styled(astronaut, other)
    with pytest.raises(InputError, match="another model"):
        model.styled(astronaut, replace(wave, vectors={model.spec.style_space: wave.vector[:9]}))


def test_a_style_can_carry_vectors_for_several_models(model, wave):
    both = replace(wave, vectors={"other": wave.vector[:3], **wave.vectors})
    assert choose([model], both) == (model, both)


@pytest.mark.parametrize("value", [-9_999, 9_999])
def test_even_a_hostile_vector_paints_pixels(model, astronaut, wave, value):
    vector = np.full(model.spec.style_size, value, np.float32)
    hostile = replace(wave, vectors={model.spec.style_space: vector})
    painted, _ = model.styled(astronaut, hostile).paint(astronaut)
    assert np.isfinite(painted).all()
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_content_statistics_are_those_that_painting_finds(model, wave, astronaut):
    styled = model.styled(astronaut, wave, in_tiles=True)
    _, found = styled.paint(astronaut)
    measured = styled.content_statistics(astronaut)
    mean, deviation = measured[0], np.sqrt(measured[1])
    assert mean == pytest.approx(found[0, : len(mean)], abs=1e-3)
    assert deviation == pytest.approx(np.sqrt(found[1, : len(mean)]), abs=1e-3)


@pytest.fixture
def copy(tmp_path):
    """A folder with a copy of the networks that ship."""
    for name in ("painter.onnx", "style_encoder.onnx", "content_statistics.onnx"):
        shutil.copy(assets.FOLDER / name, tmp_path)
    return tmp_path


def test_a_model_of_the_user_s_own_works_where_it_lies(copy, model, wave, astronaut):
    own = FeedforwardModel(copy / "painter.onnx", "cpu")
    assert own.spec == model.spec
    painted, _ = own.styled(astronaut, wave).paint(astronaut)
    assert np.array_equal(painted, model.styled(astronaut, wave).paint(astronaut)[0])
    assert np.array_equal(own.encode(astronaut).vector, model.encode(astronaut).vector)


def test_refuses_files_that_do_not_belong_together(copy, wave, astronaut):
    onnx = pytest.importorskip("onnx")
    path = copy / "content_statistics.onnx"
    network = onnx.load(path)
    spec = replace(ModelSpec.read(path), fingerprint="another")
    onnx.helper.set_model_props(network, spec.to_metadata())
    onnx.save(network, path)
    own = FeedforwardModel(copy / "painter.onnx", "cpu")
    own.styled(astronaut, wave)
    with pytest.raises(WeightsError, match=r"not exported together with painter\.onnx"):
        own.styled(astronaut, wave, in_tiles=True)


def test_refuses_networks_that_do_not_paint(copy):
    with pytest.raises(InputError, match="a style-encoder, which does not paint"):
        FeedforwardModel(copy / "style_encoder.onnx")


def test_no_network_ships(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    module.shipped.cache_clear()
    with pytest.raises(WeightsError, match="install impasto again"):
        module.shipped("cpu")


def test_another_kind_of_model_is_a_file_and_no_code(tmp_path, astronaut):
    """It has no style encoder, takes the style's Gaussian of colours, and a vector of its own."""
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info("image", floats, [1, 3, "h", "w"]),
        helper.make_tensor_value_info("embedding", floats, [1, 1]),
        helper.make_tensor_value_info("colour_mean", floats, [1, 3]),
        helper.make_tensor_value_info("statistics", floats, [1, 2, 3]),
    ]
    outputs = [
        helper.make_tensor_value_info("painting", floats, [1, 3, "h", "w"]),
        helper.make_tensor_value_info("found", floats, [1, 2, 3]),
    ]
    nodes = [
        helper.make_node("Reshape", ["colour_mean", "shape"], ["mean"]),
        helper.make_node("Mul", ["image", "embedding"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mean"], ["painting"]),
        helper.make_node("Identity", ["statistics"], ["found"]),
    ]
    shape = helper.make_tensor("shape", onnx.TensorProto.INT64, [4], [1, 3, 1, 1])
    graph = helper.make_graph(nodes, "tint", inputs, outputs, [shape])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    spec = ModelSpec(
        name="tint", kind="painter", stride=4, halo=0, style_size=1, style_space="tint", channels=3
    )
    onnx.helper.set_model_props(network, spec.to_metadata())
    onnx.save(network, tmp_path / "tint.onnx")
    tint = FeedforwardModel(tmp_path / "tint.onnx", "cpu")
    colours = np.full(3, 0.25, np.float32), np.zeros((3, 3), np.float32)
    style = Style({"tint": np.full(1, 0.5, np.float32)}, *colours)
    painted, _ = tint.styled(astronaut, style).paint(astronaut)
    assert painted.transpose(1, 2, 0) == pytest.approx(0.5 * astronaut + 0.25, abs=1e-6)
    assert tint.photo_style(astronaut) is None
    with pytest.raises(InputError, match="cannot take styles from pictures"):
        encode([tint], astronaut)


def test_statistics_of_another_model_are_refused(model, wave, astronaut):
    styled = model.styled(astronaut, wave)
    features = np.zeros((2, model.spec.channels), np.float32)
    statistics = Statistics(model.spec.fingerprint, styled.inputs, features)
    assert model.restyled(statistics).inputs.keys() == styled.inputs.keys()
    with pytest.raises(SettingError, match="the statistics belong to another model"):
        model.restyled(replace(statistics, model="another"))


def test_onnxruntime_is_imported_late():
    code = "import sys, impasto.api.painter\nassert not {'onnxruntime', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def recoloured(photo, style):
    matrix, offset = recolouring(photo, style)
    return photo @ matrix.T + offset


def test_recolouring_moves_mean_and_covariance(wave):
    photo = np.random.default_rng(1).uniform(0.3, 0.6, (60, 80, 3)).astype(np.float32)
    style = replace(
        wave,
        colour_mean=np.array([0.4, 0.5, 0.6], np.float32),
        colour_covariance=(0.003 * np.eye(3) + 0.002).astype(np.float32),
    )
    colours = recoloured(photo, style).reshape(-1, 3).T.astype(np.float64)
    assert colours.mean(1) == pytest.approx(style.colour_mean, abs=2e-3)
    assert np.cov(colours) == pytest.approx(style.colour_covariance, abs=2e-4)


def test_recolouring_is_the_one_of_the_training(model):
    torch = pytest.importorskip("torch")
    from impasto.training.painting_losses import palette_of
    from impasto.training.painting_losses import recoloured as trained

    rng = np.random.default_rng(1)
    photo = rng.random((64, 48, 3), np.float32) ** 2
    picture = 0.5 * rng.random((56, 64, 3), np.float32)

    def tensor(pixels):
        return torch.from_numpy(pixels).permute(2, 0, 1)[None]

    expected = trained(tensor(photo), palette_of(tensor(picture)))[0].permute(1, 2, 0).numpy()
    colours = picture.reshape(-1, 3)
    style = replace(
        model.encode(picture),
        colour_mean=colours.mean(0),
        colour_covariance=np.cov(colours.T, bias=True).astype(np.float32),
    )
    assert recoloured(photo, style).clip(0, 1) == pytest.approx(expected, abs=2e-4)


def test_colours_of_large_photos_are_counted_on_a_grid(wave):
    rng = np.random.default_rng(1)
    photo = np.repeat(np.repeat(rng.random((64, 96, 3), np.float32), 9, 0), 9, 1)
    small = recoloured(photo[::9, ::9], wave)
    assert recoloured(photo, wave)[::9, ::9] == pytest.approx(small, abs=0.02)
