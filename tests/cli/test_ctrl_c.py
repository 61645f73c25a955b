"""Ctrl-C while paintings are optimized; more in `test_optimize.py`."""

import os
import signal

import pytest

from impasto.cli.ctrl_c import CtrlC


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
