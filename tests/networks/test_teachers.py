"""Teachers come out of their files as they went in; other files are refused in one line."""

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from impasto.errors import ImpastoError, InputError, WeightsError
from impasto.networks.teachers import CollaborativeEncoder, teacher
from impasto.networks.vgg import VGG
from impasto.training.distillation import AUXILIARY_LAYERS, LAYERS

IMAGE = torch.rand((1, 3, 32, 48), generator=torch.Generator().manual_seed(1))


def one_line(caught: pytest.ExceptionInfo[Exception]) -> bool:
    return "\n" not in str(caught.value)


@pytest.fixture
def collaborative() -> CollaborativeEncoder:
    torch.manual_seed(0)
    return CollaborativeEncoder()


def test_the_collaborative_encoder_comes_back_from_its_file(collaborative, tmp_path):
    # The published file also holds heads, which are not needed.
    heads = {"conv11_aux.weight": torch.zeros(64, 16, 1, 1)}
    save_file({**collaborative.state_dict(), **heads}, tmp_path / "teacher.safetensors")
    read = teacher(str(tmp_path / "teacher.safetensors"))
    assert isinstance(read, CollaborativeEncoder)
    assert not any(p.requires_grad for p in read.parameters())
    wanted, found = collaborative(IMAGE, LAYERS), read(IMAGE, LAYERS)
    for layer in LAYERS:
        assert torch.equal(found[layer], wanted[layer])


def test_the_collaborative_encoder_has_vggs_layers_and_shapes(collaborative):
    narrow = VGG(19, widths=(16, 32, 64, 128, 128), last="relu5_1")
    found, wanted = (net(IMAGE, LAYERS + AUXILIARY_LAYERS) for net in (collaborative, narrow))
    assert {k: f.shape for k, f in found.items()} == {k: f.shape for k, f in wanted.items()}


def test_the_collaborative_encoder_pads_by_reflection(collaborative):
    x = F.pad(collaborative.conv0(IMAGE), (1, 1, 1, 1), mode="reflect")
    expected = collaborative.conv11(x).relu()
    torch.testing.assert_close(collaborative(IMAGE, ["relu1_1"])["relu1_1"], expected)


def test_a_file_with_vgg19s_keys_is_a_vgg19(tmp_path):
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in VGG(19).state_dict().items()}
    path = tmp_path / "vgg19.safetensors"
    save_file({k: torch.full(s, 0.001, dtype=torch.float16) for k, s in shapes.items()}, path)
    read = teacher(str(path))
    assert isinstance(read, VGG)
    assert not any(p.requires_grad for p in read.parameters())
    found = read(IMAGE, LAYERS + AUXILIARY_LAYERS)
    assert set(found) == {*LAYERS, *AUXILIARY_LAYERS}
    assert found["relu5_1"].shape == (1, 512, 2, 3)


def test_a_missing_teacher_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.safetensors: no such teacher") as caught:
        teacher(str(tmp_path / "none.safetensors"))
    assert one_line(caught)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".jpg"])
def test_a_file_that_holds_no_weights_is_one_line(tmp_path, suffix):
    path = tmp_path / f"teacher{suffix}"
    path.write_bytes(b"neither weights\nnor anything else")
    with pytest.raises(ImpastoError, match=r"teacher\.") as caught:
        teacher(str(path))
    assert one_line(caught)


def test_weights_of_another_network_are_one_line(tmp_path):
    save_file({"linear.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="another network") as caught:
        teacher(str(tmp_path / "other.safetensors"))
    assert one_line(caught)


@pytest.mark.parametrize("change", ["a layer is missing", "a layer has another shape"])
def test_an_almost_collaborative_encoder_is_one_line(collaborative, tmp_path, change):
    tensors = collaborative.state_dict()
    if change == "a layer is missing":
        del tensors["conv34.weight"]
    else:
        tensors["conv34.weight"] = torch.zeros(64, 64, 1, 1)
    save_file(tensors, tmp_path / "teacher.safetensors")
    with pytest.raises(WeightsError, match=r"conv34\.weight") as caught:
        teacher(str(tmp_path / "teacher.safetensors"))
    assert one_line(caught)
