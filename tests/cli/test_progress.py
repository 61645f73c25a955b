import math
from types import SimpleNamespace

import pytest

from impasto.cli import progress


def step(left):
    scales = (SimpleNamespace(side=128, steps=9),)
    losses = {"content": 0.1, "style": 0.2}
    return SimpleNamespace(
        losses=losses, scale=0, scales=scales, step=1, done=0.1, seconds_left=left
    )


@pytest.mark.parametrize(("left", "told"), [(83.4, ", 1:23 left"), (math.inf, "")])
def test_the_time_left_is_told_once_it_is_known(left, told, capsys):
    progress.StepLines().step(step(left))
    assert capsys.readouterr().err.endswith(f"style 0.200{told}\n")
