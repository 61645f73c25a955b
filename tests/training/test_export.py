import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from impasto.errors import InputError, MissingExtraError, OutputError, WeightsError
from impasto.feedforward.session import Network
from impasto.models.spec import ModelSpec
from impasto.networks.painter import NORMALISED, VECTOR, Palette
from impasto.styles import storage
from impasto.training import export as module
from impasto.training.export import HUES, TOLERANCE, export, with_hues
from impasto.training.styled import IDENTITY
from impasto.training.weights import load, reopen


@pytest.fixture(scope="module")
def exported(weights, tmp_path_factory):
    return export(weights, tmp_path_factory.mktemp("exported") / "new")


@pytest.mark.parametrize("size", [(24, 24), (24, 2000), (72, 104), (256, 256)])
def test_onnx_equals_pytorch(weights, exported, size):
    trained = load(weights)
    rng = np.random.default_rng(1)
    image, style = rng.random((1, 3, *size), np.float32), rng.random((1, 3, 64, 48), np.float32)
    paint, embed, _ = (Network(path, "cpu") for path in exported.files[:3])
    palette = Palette(torch.rand(1, 3), 0.2 * torch.eye(3)[None])
    with torch.no_grad():
        vector = trained.predictor(torch.from_numpy(style))
        hued = with_hues(vector, palette.root)
        painted = trained.painter(torch.from_numpy(image), hued, palette)
        expected = painted.clamp(0, 1).numpy()
    [found] = embed({"image": style})
    assert found.shape == (1, VECTOR)
    assert found == pytest.approx(vector.numpy(), abs=1e-4)
    colours = {"matrix": np.eye(3, dtype=np.float32), "offset": np.zeros(3, np.float32)}
    colours |= {"colour_mean": palette.mean.numpy(), "colour_root": palette.root.numpy()}
    unshared = np.zeros((1, 2, NORMALISED), np.float32)
    own = {"statistics": unshared, "share": np.zeros((), np.float32)}
    painted, _ = paint({"image": image, **colours, "embedding": found, **own})
    assert painted == pytest.approx(expected, abs=TOLERANCE)
    assert exported.difference <= TOLERANCE


def test_files_are_whole_and_say_what_they_are(weights, exported):
    trained = load(weights)
    for path in exported.files[:3]:
        model = onnx.load(path, load_external_data=False)
        spec = ModelSpec.read(path)
        assert spec.style_space == spec.fingerprint == trained.style_space
        assert (spec.style_size, spec.channels) == (VECTOR, NORMALISED)
        assert not any(t.external_data for t in model.graph.initializer)
        content = path.read_bytes()
        assert not any(word in content for word in (b".py", b"site-packages"))
    spec = ModelSpec.read(exported.files[0])
    assert spec.photo_style() == pytest.approx(trained.vectors[IDENTITY].numpy())
    assert sorted(p.name for p in exported.files[0].parent.iterdir()) == [
        "content_statistics.onnx",
        "painter.onnx",
        "style_encoder.onnx",
        "styles.npz",
    ]


def test_styles_are_those_of_the_catalogue(weights, exported):
    styles = storage.load(exported.files[3])
    assert list(styles) == ["great-wave"]
    style, trained = styles["great-wave"], load(weights)
    assert style.artist == "Katsushika Hokusai"
    assert style.vectors[trained.style_space] == pytest.approx(
        trained.vectors["great-wave"].numpy()
    )
    assert style.colour_mean.max() > style.colour_mean.min() > 0.2


def test_refuses_networks_that_paint_differently(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_write", lambda *words: words[3].touch())
    for difference in (2 * TOLERANCE, float("nan")):
        monkeypatch.setattr(module, "largest_difference", lambda *_, d=difference: d)
        with pytest.raises(WeightsError, match="paints differently from PyTorch"):
            export(weights, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_painter_is_stored_in_half(exported):
    assert exported.files[0].stat().st_size < 4.5e6


def test_replaces_only_when_asked_and_never_what_it_reads(weights, exported, tmp_path):
    place = tmp_path / "painter.onnx"
    place.write_text("mine")
    with pytest.raises(OutputError, match="file exists"):
        export(weights, tmp_path)
    assert place.read_text() == "mine"
    place.write_bytes(weights.read_bytes())
    with pytest.raises(OutputError, match="is an input"):
        export(place, tmp_path, overwrite=True)
    place.unlink()
    place.mkdir()
    with pytest.raises(OutputError, match="this is a folder"):
        export(weights, tmp_path, overwrite=True)
    assert list(tmp_path.iterdir()) == [place]
    place.rmdir()
    old = tmp_path / "content_statistics.onnx"
    old.write_text("old")
    files = export(weights, tmp_path, overwrite=True).files
    assert [f.read_bytes() for f in files[:3]] == [f.read_bytes() for f in exported.files[:3]]
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_sees_files_of_other_weights(weights, exported, tmp_path):
    other = load_file(weights)
    other["painter.stem.weight"] *= 1.5
    other["predictor.correction.bias"] += 0.5
    save_file(other, tmp_path / "other.safetensors")
    others = export(tmp_path / "other.safetensors", tmp_path).files
    files, trained = exported.files[:3], load(weights)
    assert module.largest_difference(trained, *files) <= TOLERANCE
    for k in range(3):
        mixed = [*files[:k], others[k], *files[k + 1 :]]
        assert module.largest_difference(trained, *mixed) > TOLERANCE


def test_refuses_what_is_no_number(weights, tmp_path):
    spoilt = load_file(weights)
    spoilt["painter.stem.weight"][0, 0] = torch.nan
    save_file(spoilt, tmp_path / "spoilt.safetensors")
    with pytest.raises(InputError, match="not finite"):
        export(tmp_path / "spoilt.safetensors", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_exporter_is_named_if_missing(weights, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[export\]"):
        export(weights, tmp_path)


def test_importing_needs_no_exporter():
    code = (
        "import sys; sys.modules['onnx'] = sys.modules['onnxscript'] = None\n"
        "import impasto.training.export"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_reopened_painter_is_the_one_exported(weights, exported, tmp_path):
    found, trained = reopen(exported.files[0]), load(weights).painter
    for name, value in trained.state_dict().items():
        assert torch.allclose(found.state_dict()[name], value, rtol=1e-3, atol=1e-6), name
    with pytest.raises(InputError, match="no such file"):
        reopen(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="not a painter of this version"):
        reopen(exported.files[1])
    (tmp_path / "torn.onnx").write_bytes(exported.files[0].read_bytes()[:5000])
    with pytest.raises(InputError, match="damaged, or not a painter"):
        reopen(tmp_path / "torn.onnx")


def test_more_of_the_photos_hues_are_added_in_styles_of_many_colours() -> None:
    vector = torch.zeros(1, VECTOR)
    grey, coloured = torch.full((1, 3, 3), 0.05), 0.2 * torch.eye(3)[None]
    assert torch.equal(with_hues(vector, grey), vector)
    added = with_hues(vector, coloured)
    assert added[0, -1] == pytest.approx(HUES)
    assert torch.equal(added[:, :-1], vector[:, :-1])


def test_layers_keep_the_layout_in_which_onnx_runtime_convolves(exported) -> None:
    graph = onnx.load(exported.files[0]).graph
    assert [node.op_type for node in graph.node].count("MaxPool") == 2
