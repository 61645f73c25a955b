import pytest
import torch

from impasto.errors import DeviceError
from impasto.networks import device


@pytest.fixture
def machine(monkeypatch):
    """A machine with so many GPUs, and Metal or not."""

    def build(gpus, metal):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: metal)

    return build


@pytest.mark.parametrize(
    ("gpus", "metal", "name", "found"),
    [
        (2, True, None, "cuda:0"),
        (0, True, None, "mps"),
        (0, False, None, "cpu"),
        (2, False, "cuda", "cuda:0"),
        (2, False, "cuda:1", "cuda:1"),
        (2, True, "cpu", "cpu"),
    ],
)
def test_choose(machine, gpus, metal, name, found):
    machine(gpus, metal)
    assert device.choose(name) == torch.device(found)


@pytest.mark.parametrize("name", ["cuda:2", "mps", "tpu", ""])
def test_absent(machine, name):
    machine(2, False)
    with pytest.raises(DeviceError, match=r"available: cuda:0, cuda:1, cpu$"):
        device.choose(name)


def test_precision_asked_for():
    cpu = torch.device("cpu")
    assert device.precision("float32", cpu) == torch.float32
    assert device.precision("bfloat16", cpu) == torch.bfloat16


@pytest.mark.parametrize(
    ("unit", "there"), [("avx512_bf16", True), ("amx_bf16", True), ("avx2", False)]
)
def test_automatic_precision_is_what_the_processor_is_made_for(monkeypatch, unit, there):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {unit: True}, raising=False)
    wanted = torch.bfloat16 if there else torch.float32
    assert device.precision("auto", torch.device("cpu")) == wanted
    assert device.precision("auto", torch.device("cuda")) == torch.float32
