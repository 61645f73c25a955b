"""What is shown of the training of a style, and what Ctrl-C keeps of it."""

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.api.style_training import StyleStep
from impasto.cli import style_training
from impasto.cli.style_training import watched


@pytest.fixture(scope="module")
def styles():
    """The styles of a training: each step has another."""
    return [impasto.load_style(name) for name in ("great-wave", "irises", "udnie")]


@pytest.fixture
def steps(styles):
    def run(interrupted_after=None):
        for number, style in enumerate(styles):
            if number == interrupted_after:
                raise KeyboardInterrupt
            losses = {"style": 0.5 / number, "content": 0.2} if number else {}
            yield StyleStep(number, number / (len(styles) - 1), losses, style)

    return run


def test_the_style_of_the_last_step_is_returned(steps, styles, capsys):
    assert watched(steps(), 1, None) is styles[-1]
    assert capsys.readouterr().err == "", "a training of seconds needs no line"


def test_lines_tell_the_loss_and_the_time_left(steps, capsys, monkeypatch):
    monkeypatch.setattr(style_training, "LINE_SECONDS", 0)
    watched(steps(), 2.5, None)
    assert capsys.readouterr().err.splitlines() == [
        "impasto: step 0, 2:30 left",
        "impasto: step 1, style 0.500, 1:15 left",
        "impasto: step 2, style 0.250, 0:00 left",
    ]


def test_ctrl_c_keeps_the_style_so_far(steps, styles, capsys):
    assert watched(steps(interrupted_after=2), 1, None) is styles[1]
    assert capsys.readouterr().err == "impasto: stopped; the style after 1 step is kept\n"


def test_ctrl_c_before_the_first_step_has_nothing_to_keep(steps):
    with pytest.raises(KeyboardInterrupt):
        watched(steps(interrupted_after=0), 1, None)


@pytest.mark.parametrize("interrupted_after", [None, 1])
def test_the_preview_shows_the_style_that_is_kept(steps, tmp_path, interrupted_after):
    preview = tmp_path / "preview.png"
    preview.write_bytes(b"of an earlier training")
    kept = watched(steps(interrupted_after), 1, preview)
    photo = style_training.FOLDER / "photos" / "astronaut.jpg"
    with Image.open(preview) as painted:
        expected = impasto.stylize(photo, kept).to_pil()
        assert np.array_equal(np.asarray(painted), np.asarray(expected))
