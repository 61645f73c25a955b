import os
import subprocess
import sys
import time
from threading import Thread

import numpy as np
import onnxruntime
import pytest

from impasto import stylize
from impasto.errors import DeviceError, SettingError, WeightsError
from impasto.feedforward import session
from impasto.feedforward.session import Network
from impasto.models.assets import FOLDER

PAINTER = FOLDER / "painter.onnx"
STATISTICS = FOLDER / "content_statistics.onnx"


@pytest.fixture
def available(monkeypatch):
    """Pretends that ONNX Runtime has these devices."""

    def set_available(*names):
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(names))

    return set_available


def test_a_network_is_loaded_once():
    network = Network(PAINTER, "cpu")
    assert network.load() is network.load()


def test_a_network_loaded_ahead_is_the_one_that_is_used():
    network = Network(STATISTICS, "cpu")
    network.preload()
    assert network.load() is network.load()


def test_threads_that_need_a_network_at_once_load_it_once(monkeypatch):
    opened = []
    real = onnxruntime.InferenceSession

    def count(*words, **more):
        opened.append(words)
        return real(*words, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", count)
    network = Network(STATISTICS, "cpu")
    threads = [Thread(target=network.load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1


@pytest.fixture
def not_yet_shared():
    session.shares_memory.cache_clear()
    yield
    session.shares_memory.cache_clear()


@pytest.mark.skipif(not session.shares_memory(), reason="here networks share no memory")
def test_networks_share_their_memory_from_the_first_on(monkeypatch, not_yet_shared):
    registered, configured = [], []
    monkeypatch.setattr(
        onnxruntime, "create_and_register_allocator", lambda *what: registered.append(what)
    )
    add = onnxruntime.SessionOptions.add_session_config_entry
    monkeypatch.setattr(
        onnxruntime.SessionOptions,
        "add_session_config_entry",
        lambda self, *entry: (configured.append(entry), add(self, *entry)),
    )
    threads = [Thread(target=Network(STATISTICS, "cpu").load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registered) == 1
    assert configured.count(("session.use_env_allocators", "1")) == 4


def test_networks_do_without_shared_memory_where_it_is_refused(monkeypatch, not_yet_shared):
    def refused(*_):
        raise RuntimeError("an allocator for this device has already been registered")

    monkeypatch.setattr(onnxruntime, "create_and_register_allocator", refused)
    assert not session.shares_memory()
    assert Network(STATISTICS, "cpu").load()


def test_giving_memory_back_after_another_network_changes_nothing():
    rng = np.random.default_rng(0)
    image = rng.random((1, 3, 64, 64), np.float32)
    encoder = Network(FOLDER / "style_encoder.onnx", "cpu")
    [before] = encoder({"image": image})
    stylize(rng.random((64, 64, 3), np.float32), "udnie", device="cpu")
    [after] = encoder({"image": image}, release_memory=True)
    assert np.array_equal(before, after)


@pytest.mark.skipif(
    tuple(map(int, onnxruntime.__version__.split(".")[:2])) < (1, 26),
    reason="it does not know for how long they are to spin",
)
def test_threads_without_work_soon_sleep():
    """Of its own accord ONNX Runtime's spin for more than 30 ms after a pass."""

    def spun():
        stylize(np.zeros((64, 64, 3), np.float32), "udnie", device="cpu")
        before = time.process_time()
        time.sleep(0.1)
        return time.process_time() - before

    assert min(spun() for _ in range(5)) < 0.01


def test_what_fails_ahead_is_told_when_the_network_is_used(tmp_path):
    network = Network(tmp_path / "none.onnx", "cpu")
    network.preload()
    with pytest.raises(
        WeightsError, match=r"none.onnx: this network is missing; export it, or install impasto"
    ):
        network.load()


def test_damaged_network(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(WeightsError, match=r"a.onnx: damaged"):
        Network(path).load()


def test_unknown_device():
    with pytest.raises(SettingError, match="device is 'tpu'; it can be: auto, cpu, cuda"):
        Network(PAINTER, "tpu").load()


@pytest.mark.parametrize(
    ("device", "hint"),
    [
        ("cuda", "pip uninstall onnxruntime, then pip install onnxruntime-gpu"),
        ("directml", "pip uninstall onnxruntime, then pip install onnxruntime-directml"),
        ("coreml", "choose cpu"),
    ],
)
def test_absent_device(available, device, hint):
    available(session.CPU)
    with pytest.raises(DeviceError, match=f"{device}: not supported by .*{hint}"):
        Network(PAINTER, device).load()


def test_device_that_does_not_start(available, monkeypatch):
    """ONNX Runtime then takes the CPU without a word that a program could read."""
    available("CUDAExecutionProvider", session.CPU)
    real = onnxruntime.InferenceSession

    def open_on_cpu(path, options, providers):
        assert providers == ["CUDAExecutionProvider", session.CPU]
        return real(path, options, providers=[session.CPU])

    monkeypatch.setattr(onnxruntime, "InferenceSession", open_on_cpu)
    with pytest.raises(DeviceError, match="cuda: its drivers or libraries are missing"):
        Network(PAINTER, "cuda").load()
    Network(PAINTER, "auto").load()


def test_auto_prefers_accelerators():
    installed = [session.CPU, "CoreMLExecutionProvider", "AzureExecutionProvider"]
    assert session.providers("auto", installed) == ["CoreMLExecutionProvider", session.CPU]


def test_failure_of_a_device_is_one_line():
    painter = Network(PAINTER, "cpu")
    with pytest.raises(DeviceError, match=r"CPU: .*; try a smaller size") as told:
        painter({"image": np.zeros((1, 3, 8, 8), np.float32)})
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(("word", "threads"), [("3", 3), ("4,2", 4), ("0", 0), ("many", 0)])
def test_threads_as_the_environment_says(word, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", word)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert session.default_threads() == threads


def test_threads_asked_for(monkeypatch):
    chosen = []
    real = onnxruntime.InferenceSession

    def note(path, options, **more):
        chosen.append(options.intra_op_num_threads)
        return real(path, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    Network(STATISTICS, "cpu", 3).load()
    stylize(np.zeros((64, 64, 3), np.float32), "udnie", device="cpu", threads=2)
    assert chosen[0] == 3
    assert set(chosen[1:]) == {2}


def test_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert session.default_threads() == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert session.default_threads() == 0
    monkeypatch.delattr(os, "sched_getaffinity")
    assert session.default_threads() == 0


def test_nothing_is_kept_to_be_reported(tmp_path):
    code = "import impasto; impasto.load_style('samples/styles/wave.jpg', device='cpu')"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment | home)
    assert list(tmp_path.rglob("*")) == []
