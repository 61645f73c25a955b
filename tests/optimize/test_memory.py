"""Memory that ran out is told from other errors by the words that each allocator uses."""

import pytest
import torch

from impasto.optimize.memory import is_out_of_memory


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
