"""Choose the device and the precision of PyTorch."""

import torch

from impasto.errors import AbsentDeviceError, DeviceError
from impasto.system.extras import torch_was_forked


def choose(name: str | None = None, threads: int | None = None) -> torch.device:
    """Find the device called `name`, or the fastest: CUDA, then Metal (MPS), then the CPU.

    Args:
        name: "cpu", "mps", "cuda" (the first one) or "cuda:1"; "auto" is None.
        threads: of the processor, which PyTorch uses from now on; None changes nothing.

    In a process that was forked from one with PyTorch, PyTorch uses one thread.

    Raises:
        AbsentDeviceError: this machine has no such device.
        DeviceError: the parent of this forked process uses the device.
    """
    if torch_was_forked():
        threads = 1
    if threads is not None:
        torch.set_num_threads(threads)
    present = available()
    chosen = present[0] if name in (None, "auto") else {"cuda": "cuda:0"}.get(name, name)
    if chosen not in present:
        raise AbsentDeviceError(f"there is no device {name!r}; available: {', '.join(present)}")
    is_in_bad_fork = getattr(torch.cuda, "_is_in_bad_fork", bool)
    if chosen.startswith("cuda") and is_in_bad_fork():
        raise DeviceError(
            f"{chosen}: a forked process cannot use it; start processes with 'spawn', or choose cpu"
        )
    return torch.device(chosen)


def precision(name: str, device: torch.device) -> torch.dtype:
    """Choose the number format of an encoder: `name`, or the best one for the device if "auto".

    "auto" is bfloat16 on CPUs that support it natively (AVX-512 BF16, AMX): an iteration takes two
    thirds of the time and less memory, and pictures look as good. On other devices bfloat16 is
    slower, or has not been measured, and "auto" is float32.
    """
    if name != "auto":
        return torch.bfloat16 if name == "bfloat16" else torch.float32
    # PyTorch tells from 2.10 on.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    native = any(capabilities.get(unit, False) for unit in ("avx512_bf16", "amx_bf16"))
    return torch.bfloat16 if device.type == "cpu" and native else torch.float32


def training_precision(device: torch.device) -> torch.dtype:
    """Choose the number format in which to train: as `precision`, and bfloat16 on GPUs with it."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return precision("auto", device)


def available() -> tuple[str, ...]:
    """List the names of this machine's devices, the fastest first."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")
