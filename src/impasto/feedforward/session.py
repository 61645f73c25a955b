"""Networks in ONNX Runtime, on any device."""

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
from impasto.system.cores import usable_cores, wanted_threads
from impasto.system.paths import display_path

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions

CPU = "CPUExecutionProvider"

PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": CPU,
}
"""ONNX Runtime's names of the devices, in order of preference."""

_PACKAGES = {"cuda": "onnxruntime-gpu", "directml": "onnxruntime-directml"}

_ERRORS_ONLY = 3

_SPIN = "50"
"""Microseconds for which a thread without work spins before it sleeps.

Within a pass the next work comes sooner. ONNX Runtime's default is about a hundred times as long,
and spinning threads slow Python and NumPy down. Versions before 1.26 ignore the entry.
"""

_KEEPS_MEMORY = sys.maxsize > 1 << 32
"""Whether ONNX Runtime has a memory arena: on 64-bit systems only."""


class Network:
    """A network in ONNX Runtime, loaded at its first use; several threads may share it.

    Args:
        path: the ONNX file.
        device: "auto" is the first one installed of CUDA, CoreML, DirectML and the CPU.
        threads: of the processor; None for OMP_NUM_THREADS, or one for each core.
    """

    def __init__(self, path: Path, device: Device = "auto", threads: int | None = None) -> None:
        self.path = path
        self.device = device
        self.threads = threads
        self._lock = Lock()
        self._session: InferenceSession | None = None

    def preload(self) -> None:
        """Start to load the network in a thread; errors are raised at its first use."""

        def load() -> None:
            with suppress(ImpastoError):
                self.load()

        Thread(target=load).start()

    def load(self) -> "InferenceSession":
        """Load the network, unless it is loaded.

        Raises:
            WeightsError: the file is missing or damaged.
            SettingError: the name of the device is unknown.
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
            inputs: by name; those that the network does not have are ignored.
            release_memory: release the memory afterwards, including what other networks share.
                ONNX Runtime keeps memory for every shape of inputs; to allocate it again takes a
                quarter of the time of a pass.

        Raises:
            DeviceError: the device failed, or its memory is too small.
            Others: as `load`.
        """
        session = self.load()
        try:
            options = _shrink_arena() if release_memory and _KEEPS_MEMORY else None
            known = {entry.name for entry in session.get_inputs()}
            fed = {name: value for name, value in inputs.items() if name in known}
            outputs = session.run(None, fed, options)
        # Each provider raises its own types from C++; the first line has the reason.
        except Exception as problem:
            where = session.get_providers()[0].removesuffix("ExecutionProvider")
            what = str(problem).splitlines()[0]
            raise DeviceError(
                f"{where}: {what}; try a smaller size, or the device cpu"
            ) from problem
        return list(outputs)


@cache
def _shrink_arena() -> "RunOptions":
    """Build the options that release the processor's memory after a run."""
    from impasto.feedforward.runtime import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _open(path: Path, device: Device, threads: int | None) -> "InferenceSession":
    from impasto.feedforward.runtime import onnxruntime

    if not path.is_file():
        raise WeightsError(
            f"{display_path(path)}: this network is missing; export it, or install impasto again"
        )
    chosen = providers(device, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or default_threads()
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
    # With memory patterns, a second pass of a shape would allocate memory besides that of the
    # first, two thirds more at 2048 x 2048, and save no time. DirectML does not support them.
    options.enable_mem_pattern = False
    with _ARENA_LOCK:
        if shares_memory():
            options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=chosen)
    except Exception as problem:  # many types, from C++
        raise WeightsError(
            f"{display_path(path)}: damaged, or not a network; get a fresh copy"
        ) from problem
    if device != "auto" and session.get_providers()[0] != PROVIDERS[device]:
        raise AbsentDeviceError(f"{device}: its drivers or libraries are missing; choose cpu")
    return session


_ARENA_LOCK = Lock()


@cache
def shares_memory() -> bool:
    """Register one memory arena for all networks, and tell whether that worked.

    To reuse the memory of another network is faster than to allocate it. ONNX Runtime may refuse if
    the program has registered another arena. Before version 1.21 it does not share memory on ARM.
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


def providers(device: Device, available: list[str]) -> list[Any]:
    """List ONNX Runtime's providers for a device, with the CPU for what it does not support.

    Raises:
        SettingError: the name of the device is unknown.
        AbsentDeviceError: the device is not available.
    """
    if device not in get_args(Device):
        raise SettingError(f"device is {device!r}; it can be: {', '.join(get_args(Device))}")
    if device == "auto":
        return [name for name in PROVIDERS.values() if name in available]
    if PROVIDERS[device] not in available:
        package = _PACKAGES.get(device)
        hint = f"pip uninstall onnxruntime, then pip install {package}; never install both"
        hint = hint if package else "choose cpu"
        raise AbsentDeviceError(f"{device}: not supported by this ONNX Runtime; {hint}")
    return list(dict.fromkeys([PROVIDERS[device], CPU]))


def default_threads() -> int:
    """Choose the number of threads; 0 lets ONNX Runtime use one for each physical core.

    The environment variable OMP_NUM_THREADS decides, if it is set. If the process may use only some
    cores, as in many containers, it is their number: more threads would be too many, and could not
    be bound to the other cores.
    """
    if (wanted := wanted_threads()) is not None:
        return wanted
    usable = usable_cores()
    return usable if usable < (os.cpu_count() or 1) else 0
