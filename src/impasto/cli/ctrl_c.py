"""Ctrl-C while paintings are optimized."""

import signal

import typer


class CtrlC:
    """A context in which the first Ctrl-C stops the work after the current step.

    The picture and the state are then written completely. A second Ctrl-C stops at once.
    """

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> "CtrlC":
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)
        if kind is KeyboardInterrupt:
            typer.echo("impasto: stopped at once; unsaved work is lost", err=True)

    def _press(self, *_: object) -> None:
        self.pressed = True
        signal.signal(signal.SIGINT, self._before)
