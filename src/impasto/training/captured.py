"""Steps of a training as CUDA graphs: a GPU runs all kernels of a step at one command.

A step of the painter launches several thousand small kernels. To launch them one by one takes
longer than to run them.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Step = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]
"""Computes on the tensors of a batch, and returns tensors to look at."""


class Captured:
    """Runs a step, and replays it as a graph wherever a batch of the same shapes came before.

    Args:
        step: may change weights, but must not wait for the GPU or copy from the CPU.
        device: on others than CUDA, each step runs as it is.
    """

    def __init__(self, step: Step, device: torch.device) -> None:
        self._step, self._device = step, device
        self._seen: set[tuple[object, ...]] = set()
        self._graphs: dict[tuple[object, ...], _Graph] = {}

    def __call__(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Run the step on a batch; the results are valid until the next call."""
        if self._device.type != "cuda":
            return self._step(_moved(batch, self._device))
        with torch.cuda.device(self._device):
            return self._on_gpu(batch)

    def _on_gpu(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        key = tuple((name, x.shape) for name, x in batch.items())
        if key in self._graphs:
            return self._graphs[key](batch)
        if key in self._seen:
            self._graphs[key] = _Graph(self._step, batch, self._device)
            return self._graphs[key](batch)
        # The first step also sets up libraries and the optimizer, which a graph cannot hold.
        self._seen.add(key)
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            results = self._step(_moved(batch, self._device))
        torch.cuda.current_stream().wait_stream(stream)
        return results


class _Graph:
    """A captured step with its inputs and results, whose memory all replays share."""

    def __init__(self, step: Step, batch: Mapping[str, Tensor], device: torch.device) -> None:
        self._inputs = _moved(batch, device)
        self._graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(self._graph):
            self._results = step(self._inputs)

    def __call__(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        for name, x in batch.items():
            self._inputs[name].copy_(x, non_blocking=True)
        self._graph.replay()
        return self._results


def _moved(batch: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: x.to(device) for name, x in batch.items()}
