"""Which processor to paint on."""

import torch

from impasto.errors import DeviceError


def choose(name: str | None = None) -> torch.device:
    """The device called `name`, or the fastest there is: CUDA, then Metal (MPS), then the CPU.

    Args:
        name: "cpu", "mps", "cuda" (the first one) or "cuda:1".

    Raises:
        DeviceError: this machine has no such device.
    """
    present = available()
    wanted = present[0] if name is None else {"cuda": "cuda:0"}.get(name, name)
    if wanted not in present:
        raise DeviceError(f"there is no device {name!r} here; there is: {', '.join(present)}")
    return torch.device(wanted)


def available() -> tuple[str, ...]:
    """The names of this machine's devices, the fastest first."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")
