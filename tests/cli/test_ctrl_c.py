"""Ctrl-C while paintings are optimized; more in `test_optimize.py`."""

import os
import signal

import pytest

from impasto.batch.optimize_job import OptimizeJob, OptimizeLook, paint
from impasto.cli.ctrl_c import CtrlC
from impasto.cli.progress import Quiet
from impasto.settings import OptimizeSettings


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_the_first_ctrl_c_is_noted_and_the_second_ends(capsys):
    before = signal.getsignal(signal.SIGINT)
    with CtrlC() as ctrl_c:
        assert not ctrl_c.pressed
        signal.raise_signal(signal.SIGINT)
        assert ctrl_c.pressed
    assert capsys.readouterr().err == ""
    with pytest.raises(KeyboardInterrupt), CtrlC():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert capsys.readouterr().err == "impasto: stopped at once; unsaved work is lost\n"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_the_second_ctrl_c_leaves_no_painting(photo, wave, compact_weights, tmp_path, capsys):
    class Impatient(Quiet):
        """Presses Ctrl-C twice after the first step."""

        def step(self, step):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    settings = OptimizeSettings(size=32, steps=2, encoder="compact", init="content")
    look = OptimizeLook(((wave, 1.0),), (), [], compact_weights, "cpu", settings)
    job = OptimizeJob(photo, tmp_path / "out.png", look)
    with pytest.raises(KeyboardInterrupt), CtrlC() as ctrl_c:
        paint(job, Impatient(), is_stopped=lambda: ctrl_c.pressed)
    assert capsys.readouterr().err == "impasto: stopped at once; unsaved work is lost\n"
    assert not job.output.exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
