"""ONNX Runtime: opening the networks that ship with impasto, on the device asked for."""

import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.errors import (
    AbsentDeviceError,
    DeviceError,
    ImpastoError,
    SettingError,
    WeightsError,
)
from impasto.settings import Device

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions


ASSETS = Path(__file__).parents[1] / "assets"

CPU = "CPUExecutionProvider"

PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": CPU,
}
"""ONNX Runtime's names for the devices, the preferred ones first."""

_PACKAGES = {"cuda": "onnxruntime-gpu", "directml": "onnxruntime-directml"}

_ERRORS_ONLY = 3

_SPIN = "50"
"""For how many microseconds a thread without work spins before it sleeps.

Within a pass the next work comes sooner. ONNX Runtime's own number is some hundred times as large,
so that its threads are in the way of Python and NumPy for as long as a small painting takes.
Before version 1.26 it knows no such number, and takes no notice of ours.
"""

_KEEPS_MEMORY = sys.maxsize > 1 << 32
"""ONNX Runtime keeps memory in programs of 64 bits only; elsewhere asking for it is an error."""


class Network:
    """A network in ONNX Runtime.

    Attributes:
        metadata: what the file says of itself, such as the encoder that it belongs to.
    """

    def __init__(self, session: "InferenceSession") -> None:
        self._session = session
        self.metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map

    def __call__(
        self, *, sparing: bool = False, **inputs: NDArray[np.float32]
    ) -> list[NDArray[np.float32]]:
        """The outputs for inputs by name.

        Args:
            sparing: give the memory back afterwards. ONNX Runtime keeps it for the next inputs of
                that shape, and keeps more for every other shape; to get it anew takes a quarter
                of a pass's time. What other networks left is given back, too, where they share it.

        Raises:
            DeviceError: the device's memory does not suffice, or the device failed.
        """
        try:
            giving_back = _giving_back() if sparing and _KEEPS_MEMORY else None
            outputs = self._session.run(None, inputs, giving_back)
        # Each provider raises its own kinds, from C++; the first line says what it was.
        except Exception as problem:
            where = self._session.get_providers()[0].removesuffix("ExecutionProvider")
            what = str(problem).splitlines()[0]
            raise DeviceError(f"{where}: {what}; try a smaller --size or --device cpu") from problem
        return list(outputs)


@cache
def _giving_back() -> "RunOptions":
    """What tells ONNX Runtime to give back the processor's memory after a run."""
    from onnxruntime import RunOptions

    options = RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


_OPENING: dict[tuple[str, str], Lock] = {}
"""One for each network: who needs one does not wait while another is being opened."""


def open_ahead(file: str, device: Device = "auto") -> None:
    """Begins to open a network in a thread, so that it is there when `network` asks for it.

    What goes wrong is raised there, not here.
    """

    def opening() -> None:
        with suppress(ImpastoError):
            network(file, device)

    Thread(target=opening).start()


def network(file: str, device: Device = "auto") -> Network:
    """A network among the assets, opened once in a process.

    Args:
        file: its name.
        device: "auto" is the first that is installed of CUDA, CoreML, DirectML and the CPU.

    Raises:
        WeightsError: the file is missing or damaged.
        SettingError, DeviceError: there is no such device, or not here.
    """
    with _OPENING.setdefault((file, device), Lock()):
        return _network(file, device)


@cache
def _network(file: str, device: Device) -> Network:
    path = ASSETS / file
    if not path.is_file():
        raise WeightsError(f"{path}: this part of impasto is missing; install impasto again")
    return open_network(path, device)


def open_network(path: Path, device: Device = "auto") -> Network:
    """A network in a file.

    Raises:
        As `network`.
    """
    # Nobody asked us to report what is painted where; it is read when the library is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    providers = _providers(device, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = _threads()
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
    # By a pattern, the second pass of a shape would take its memory anew beside that of the first,
    # two thirds more at 2048 x 2048, and save no time; DirectML has no patterns at all.
    options.enable_mem_pattern = False
    with _SHARING:
        if _shares_memory():
            options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as problem:  # from C++, of many kinds
        raise WeightsError(f"{path}: damaged, or no network; install impasto again") from problem
    if device != "auto" and session.get_providers()[0] != PROVIDERS[device]:
        raise AbsentDeviceError(f"{device}: its drivers or libraries are missing; try --device cpu")
    return Network(session)


_SHARING = Lock()


@cache
def _shares_memory() -> bool:
    """Whether networks take the memory that others have left, which is quicker to have than new.

    Where ONNX Runtime refuses, as it may if the program that we are part of has shared memory of
    its own, they do without. Before version 1.21 memory that is shared is not kept on ARM.
    """
    import onnxruntime as ort

    if not _KEEPS_MEMORY or tuple(map(int, ort.__version__.split(".")[:2])) < (1, 21):
        return False
    arena = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    try:
        ort.create_and_register_allocator(arena, None)
    except Exception:  # from C++
        return False
    return True


def _providers(device: Device, available: list[str]) -> list[Any]:
    """ONNX Runtime's list of what to try in turn; the CPU stands in for what others lack.

    Raises:
        SettingError: there is no such device.
        AbsentDeviceError: the device is not among the available.
    """
    if device not in get_args(Device):
        raise SettingError(f"device is {device!r}; it can be: {', '.join(get_args(Device))}")
    if device == "auto":
        return [name for name in PROVIDERS.values() if name in available]
    if PROVIDERS[device] not in available:
        package = _PACKAGES.get(device)
        hint = f"pip install {package}" if package else "try --device cpu"
        raise AbsentDeviceError(f"{device}: not among the devices of this ONNX Runtime; {hint}")
    return list(dict.fromkeys([PROVIDERS[device], CPU]))


def _threads() -> int:
    """0, which lets ONNX Runtime take one thread for each physical core.

    Where this process may use only some cores, as in many containers, that would be too many,
    and binding threads to the others would fail; there it is as many as may be used.
    """
    if hasattr(os, "sched_getaffinity"):  # on Linux
        usable = len(os.sched_getaffinity(0))
        if usable < (os.cpu_count() or 1):
            return usable
    return 0
