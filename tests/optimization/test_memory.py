"""Memory that ran out is told from other errors by the words that each allocator uses; what is
free decides on the tiles."""

import pytest
import torch

from impasto.networks import compact
from impasto.networks.vgg import VGG
from impasto.optimization import memory
from impasto.optimization.memory import free_bytes, is_out_of_memory
from impasto.settings import OptimizeSettings
from impasto.system.memory import USABLE

CPU = torch.device("cpu")


def test_an_allocation_that_cannot_succeed_is_recognised():
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "problem",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: not enough memory"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
)
def test_every_devices_words_are_known(problem):
    assert is_out_of_memory(problem)


def test_other_errors_are_not_about_memory():
    assert not is_out_of_memory(RuntimeError("shapes (2, 3) and (4, 5) do not match"))
    assert not is_out_of_memory(KeyboardInterrupt())


# How much there is, and what fits


def test_free_memory_of_this_machine_is_known_or_none():
    found = free_bytes(CPU)
    assert found is None or found > 1 << 20


def fitted(monkeypatch, free, size, encoder=None):
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    encoder = encoder or compact.build()
    return memory.fitting_tile(encoder, ("relu4_2", "relu5_1"), size, CPU)


def test_a_picture_that_fits_is_not_cut_up(monkeypatch):
    assert fitted(monkeypatch, 1 << 30, (512, 512)) is None
    assert fitted(monkeypatch, None, (9000, 9000)) is None


def test_tiles_are_as_large_as_the_memory_allows(monkeypatch):
    sides = [fitted(monkeypatch, gigabytes << 30, (9000, 9000)) for gigabytes in (1, 2, 4)]
    assert sides == sorted(sides)
    for gigabytes, side in zip((1, 2, 4), sides, strict=True):
        values = compact.build().values_per_pixel(["relu5_1"])
        shown = (side + 2 * 64) ** 2 * values * memory.BYTES_PER_VALUE
        assert 0.9 * USABLE * (gigabytes << 30) < shown < USABLE * (gigabytes << 30)


def test_tiles_are_never_smaller_than_can_be_asked_for(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1 << 20)
    tile = memory.fitting_tile(compact.build(), ("relu1_1",), (512, 512), CPU)
    assert OptimizeSettings(tile=tile).tile == 256


def test_tiles_are_never_mostly_surroundings(monkeypatch):
    deeper = VGG(19, widths=compact.WIDTHS, last="relu5_1")  # it sees 80 pixels beyond a tile
    assert fitted(monkeypatch, 1 << 20, (512, 512), deeper) == 320
