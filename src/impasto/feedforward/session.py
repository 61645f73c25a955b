"""ONNX Runtime: networks on the device asked for."""

import os
import sys
from collections.abc import Mapping
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

Within a pass the next work comes sooner. ONNX Runtime's default is some hundred times as long, and
spinning threads slow Python and NumPy down. Versions before 1.26 ignore the entry.
"""

_KEEPS_MEMORY = sys.maxsize > 1 << 32
"""Whether ONNX Runtime has a memory arena: on 64 bits only; elsewhere asking for it is an error."""


class Network:
    """A network in ONNX Runtime, loaded when it is first needed; several threads may share it.

    Args:
        path: the ONNX file.
        device: "auto" is the first that is installed of CUDA, CoreML, DirectML and the CPU.
        threads: of the processor; None for what OMP_NUM_THREADS says, or one for each core.
    """

    def __init__(self, path: Path, device: Device = "auto", threads: int | None = None) -> None:
        self.path = path
        self.device = device
        self.threads = threads
        self._lock = Lock()
        self._session: InferenceSession | None = None

    def preload(self) -> None:
        """Start to load the network in a thread; errors are raised when it is used."""

        def load() -> None:
            with suppress(ImpastoError):
                self.load()

        Thread(target=load).start()

    def load(self) -> "InferenceSession":
        """Load the network, unless it is loaded.

        Raises:
            WeightsError: the file is missing or damaged.
            SettingError: there is no device of that name.
            AbsentDeviceError: this machine has no such device.
        """
        with self._lock:
            if self._session is None:
                self._session = _open(self.path, self.device, self.threads)
            return self._session

    def __call__(
        self, inputs: Mapping[str, NDArray[np.float32]], *, release_memory: bool = False
    ) -> list[NDArray[np.float32]]:
        """Compute the outputs.

        Args:
            inputs: by name; those that the network does not have are left out.
            release_memory: give the memory back afterwards. ONNX Runtime keeps it for the next
                inputs of that shape, and more for every other shape; to get it again takes a
                quarter of a pass's time. Memory that other networks share is given back, too.

        Raises:
            DeviceError: the device's memory does not suffice, or the device failed.
            Others: as `load`.
        """
        session = self.load()
        try:
            options = _shrink_arena() if release_memory and _KEEPS_MEMORY else None
            known = {entry.name for entry in session.get_inputs()}
            fed = {name: value for name, value in inputs.items() if name in known}
            outputs = session.run(None, fed, options)
        # Each provider raises its own kinds, from C++; the first line says what it was.
        except Exception as problem:
            where = session.get_providers()[0].removesuffix("ExecutionProvider")
            what = str(problem).splitlines()[0]
            raise DeviceError(
                f"{where}: {what}; try a smaller size, or the device cpu"
            ) from problem
        return list(outputs)


@cache
def _shrink_arena() -> "RunOptions":
    """Build the options that give the processor's memory back after a run."""
    from impasto.feedforward.runtime import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _open(path: Path, device: Device, threads: int | None) -> "InferenceSession":
    from impasto.feedforward.runtime import onnxruntime

    if not path.is_file():
        raise WeightsError(f"{path}: this network is missing; install impasto again, or name it")
    providers = _providers(device, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or _threads()
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
    # With patterns the second pass of a shape would take its memory beside that of the first,
    # two thirds more at 2048 x 2048, and save no time; DirectML has no patterns at all.
    options.enable_mem_pattern = False
    with _ARENA_LOCK:
        if _shares_memory():
            options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as problem:  # from C++, of many kinds
        raise WeightsError(f"{path}: damaged, or no network; get a fresh copy of it") from problem
    if device != "auto" and session.get_providers()[0] != PROVIDERS[device]:
        raise AbsentDeviceError(f"{device}: its drivers or libraries are missing; try cpu")
    return session


_ARENA_LOCK = Lock()


@cache
def _shares_memory() -> bool:
    """Register one memory arena for all networks, and tell whether that worked.

    Memory that another network has left is quicker to have than new memory. ONNX Runtime may
    refuse if the surrounding program has registered an arena of its own. Before version 1.21 it
    does not keep shared memory on ARM.
    """
    from impasto.feedforward.runtime import onnxruntime as ort

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
    """List what ONNX Runtime is to try in turn; the CPU stands in for what others lack.

    Raises:
        SettingError: there is no device of that name.
        AbsentDeviceError: the device is not among the available ones.
    """
    if device not in get_args(Device):
        raise SettingError(f"device is {device!r}; it can be: {', '.join(get_args(Device))}")
    if device == "auto":
        return [name for name in PROVIDERS.values() if name in available]
    if PROVIDERS[device] not in available:
        package = _PACKAGES.get(device)
        hint = f"pip uninstall onnxruntime, then pip install {package}: never both"
        hint = hint if package else "try cpu"
        raise AbsentDeviceError(f"{device}: not among the devices of this ONNX Runtime; {hint}")
    return list(dict.fromkeys([PROVIDERS[device], CPU]))


def _threads() -> int:
    """Choose the number of threads; 0 lets ONNX Runtime take one for each physical core.

    Where this process may use only some cores, as in many containers, that would be too many, and
    binding threads to the others would fail; there it is the number of usable cores. The
    environment variable OMP_NUM_THREADS, as other programs heed it, comes before both.
    """
    word = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if word.isdecimal() and int(word) > 0:
        return int(word)
    if hasattr(os, "sched_getaffinity"):  # on Linux
        usable = len(os.sched_getaffinity(0))
        if usable < (os.cpu_count() or 1):
            return usable
    return 0
