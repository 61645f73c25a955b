"""Files of weights: what is read, and what is refused in one line."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from impasto.errors import InputError, WeightsError
from impasto.networks import reading
from impasto.networks.vgg import VGG

WIDTHS = (2, 3, 4, 5, 6)


def one_line(error: pytest.ExceptionInfo) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.fixture
def network() -> VGG:
    return VGG(19, widths=WIDTHS)


def official_like(network: VGG) -> dict[str, torch.Tensor]:
    """The network's weights together with a classifier's, as in torchvision's files."""
    return network.state_dict() | {"classifier.0.weight": torch.ones(4, 4)}


def write(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
    return path


@pytest.mark.parametrize("name", ["own.pth", "own.pt", "own.safetensors", "OWN.PTH"])
def test_load_into_ignores_the_classifier(name, network, tmp_path):
    path = write(tmp_path / name, official_like(network))
    other = VGG(19, widths=WIDTHS)
    reading.load_into(other, path)
    torch.testing.assert_close(other.state_dict(), network.state_dict())


def test_load_reads_the_format_of_the_official_files(network, tmp_path):
    """torchvision's VGG files are older than torch's zip format."""
    path = tmp_path / "old.pth"
    torch.save(official_like(network), path, _use_new_zipfile_serialization=False)
    torch.testing.assert_close(reading.load(path), official_like(network))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_load_into_widens_half_precision(dtype, network, tmp_path):
    halves = {key: value.to(dtype) for key, value in network.state_dict().items()}
    reading.load_into(network, write(tmp_path / "half.safetensors", halves))
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}


class Malicious:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_refused(zipped, tmp_path):
    path, victim = tmp_path / "evil.pth", tmp_path / "ran"
    evil = {"features.0.weight": Malicious(victim)}
    torch.save(evil, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"evil\.pth: .*can run code"):
        reading.load(path)
    assert not victim.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", ["empty", "text", "half", "pickle"])
def test_broken_file_is_one_line(suffix, content, network, tmp_path):
    path = write(tmp_path / f"broken{suffix}", network.state_dict())
    whole = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"<html>Sign in to the wireless network</html>",
            "half": whole[: len(whole) // 2],
            "pickle": pickle.dumps(["no", "weights"]),
        }[content]
    )
    with pytest.raises(WeightsError, match=f"broken{suffix}: ") as error:
        reading.load(path)
    one_line(error)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none.pth", "no such file"), ("", "is a folder"), ("weights.ckpt", r"come in \.pth, ")],
)
def test_unusable_path_is_an_input_error(name, reason, tmp_path):
    (tmp_path / "weights.ckpt").touch()
    with pytest.raises(InputError, match=reason) as error:
        reading.load(tmp_path / name)
    assert str(tmp_path / name) in one_line(error)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (torch.ones(2, 3, 3, 3, dtype=torch.int64), "not a tensor of floating-point"),
        (torch.ones(0), "not a tensor of floating-point"),
        (3.0, "not a tensor of floating-point"),
        (torch.full((2,), torch.nan), "a NaN or an infinity"),
        (torch.tensor([0.0, -torch.inf]), "a NaN or an infinity"),
        (torch.tensor([0.0, torch.inf], dtype=torch.float16), "a NaN or an infinity"),
    ],
)
def test_entry_that_is_no_weight_is_named(entry, reason, tmp_path):
    path = write(tmp_path / "odd.pth", {"good": torch.ones(1), "features.0.bias": entry})
    with pytest.raises(WeightsError, match=rf"odd\.pth: features\.0\.bias .*{reason}"):
        reading.load(path)


@pytest.mark.parametrize("holds", [{}, [torch.ones(1)], torch.ones(1)])
def test_file_without_names_is_refused(holds, tmp_path):
    path = tmp_path / "nameless.pth"
    torch.save(holds, path)
    with pytest.raises(WeightsError, match="holds no named weights"):
        reading.load(path)


def test_weights_of_another_depth_are_refused(network, tmp_path):
    path = write(tmp_path / "other.pth", VGG(16, widths=WIDTHS).state_dict())
    with pytest.raises(WeightsError, match=r"another network: \d+ of 32 entries are missing"):
        reading.load_into(network, path)


def test_weights_of_another_width_are_refused(network, tmp_path):
    path = write(tmp_path / "wide.pth", VGG(19, widths=(9, 3, 4, 5, 6)).state_dict())
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(WeightsError, match=r"shape \(9, 3, 3, 3\) instead of \(2, 3, 3, 3\)"):
        reading.load_into(network, path)
    torch.testing.assert_close(network.state_dict(), before)


def test_8_bit_kernels_are_multiplied_by_their_scales(tmp_path):
    torch.manual_seed(0)
    kernel = torch.randn(6, 5, 3, 3) * torch.logspace(-3, 1, 6).view(-1, 1, 1, 1)
    values, scale = reading.quantized(kernel)
    assert values.dtype == torch.int8
    path = write(tmp_path / "small.safetensors", {"w": values, "w.scale": scale})
    read = reading.load(path)
    assert list(read) == ["w"]
    error = (read["w"] - kernel).flatten(1).norm(dim=1) / kernel.flatten(1).norm(dim=1)
    assert error.max() < 0.01


def test_scales_of_8_bits_are_no_worse_than_the_largest_weights(tmp_path):
    torch.manual_seed(0)
    kernel = torch.randn(4, 64, 3, 3)
    plain = kernel.flatten(1).abs().amax(1).view(-1, 1, 1, 1) / 127
    values, scale = reading.quantized(kernel)
    chosen = (values * scale.view(-1, 1, 1, 1) - kernel).square().sum()
    assert chosen <= ((kernel / plain).round() * plain - kernel).square().sum()


@pytest.mark.parametrize("scale", [torch.ones(3), torch.ones(2, 1), torch.tensor(1.0)])
def test_scales_that_do_not_fit_are_refused(scale, tmp_path):
    entries = {"w": torch.ones(2, 3, dtype=torch.int8), "w.scale": scale}
    with pytest.raises(WeightsError, match=r"w is not a tensor of floating-point"):
        reading.load(write(tmp_path / "odd.safetensors", entries))


def test_scales_that_are_not_finite_are_refused(tmp_path):
    entries = {"w": torch.ones(2, 3, dtype=torch.int8), "w.scale": torch.tensor([1, torch.nan])}
    with pytest.raises(WeightsError, match=r"w holds a NaN"):
        reading.load(write(tmp_path / "odd.safetensors", entries))
