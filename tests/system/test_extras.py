"""Optional dependencies: a missing one is reported, a present one is not imported."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from impasto.errors import MissingExtraError
from impasto.system.extras import require, torch_was_forked

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")


def test_a_missing_package_is_reported_with_its_extra():
    with pytest.raises(MissingExtraError) as caught:
        require("embroidery", "thread", "json", "needle_and_thread")
    assert str(caught.value).startswith("embroidery needs more packages")
    assert 'pip install "impasto[thread]"' in str(caught.value)
    assert caught.value.exit_code == 1


def test_present_packages_are_not_imported():
    code = (
        "import sys; from impasto.system.extras import require\n"
        "require('tables', 'x', 'csv', 'wave'); assert not {'csv', 'wave'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def variables(monkeypatch):
    """The variables that let waiting threads of PyTorch sleep, all unset."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    for name in names:
        monkeypatch.setenv(name, "")  # so that the end of the test restores it
        monkeypatch.delenv(name)
    return names


@needs_torch
def test_waiting_threads_of_pytorch_sleep(variables):
    require("tables", "x", "csv")
    assert not set(variables) & set(os.environ)
    require("training", "torch", "torch")
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert int(os.environ["GOMP_SPINCOUNT"]) > 0


@needs_torch
def test_the_user_s_values_stay(variables, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    require("training", "torch", "torch")
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks there")
@pytest.mark.parametrize(
    ("loaded", "forked_with_torch"), [("json", "False\n"), ("torch", "True\n")]
)
def test_a_fork_knows_whether_its_parent_had_pytorch(loaded, forked_with_torch):
    code = (
        f"import os, sys; sys.modules.setdefault({loaded!r}, sys)\n"
        "from impasto.system.extras import torch_was_forked\n"
        "if os.fork(): os.wait()\n"
        "else: print(torch_was_forked(), flush=True); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == forked_with_torch


def test_this_process_is_no_fork():
    assert not torch_was_forked()
