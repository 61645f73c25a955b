"""A style is learned from a picture."""

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.styles import library

pytest.importorskip("torch")


@pytest.fixture
def stripes():
    rows = (np.arange(96) // 6 % 2 * 200 + 20).astype(np.uint8)
    return Image.fromarray(np.repeat(np.repeat(rows[:, None, None], 96, 1), 3, 2))


def test_a_style_is_learned_and_paints(stripes, tmp_path, monkeypatch):
    steps = list(impasto.train_style_steps(stripes, minutes=0.15, device="cpu"))
    first, last = steps[0], steps[-1]
    assert (first.step, first.progress, last.progress) == (0, 0.0, 1.0)
    assert last.step >= 1
    [before], [after] = first.style.vectors.values(), last.style.vectors.values()
    assert not np.array_equal(before, after)
    assert last.losses["style"] > 0
    photo = Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 30).convert("RGB")
    file = tmp_path / "stripes.npz"
    impasto.save_style(last.style, file)
    painted = impasto.stylize(photo, file)
    same = impasto.stylize(photo, last.style)
    assert np.array_equal(painted.samples, same.samples)


def test_the_training_starts_from_the_predicted_vector_or_a_better_one(stripes):
    first = next(impasto.train_style_steps(stripes, minutes=1, device="cpu"))
    known = impasto.load_style(stripes), *library.shipped().values()
    [start] = first.style.vectors.values()
    assert any(np.array_equal(start, *style.vectors.values()) for style in known)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minutes": 0}, "minutes is 0; it must be above 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"content": -1}, "content is -1"),
    ],
)
def test_settings_out_of_bounds_are_told(stripes, options, message):
    with pytest.raises(impasto.SettingError, match=message):
        impasto.train_style(stripes, **options)


def test_a_folder_without_photos_is_told(stripes, tmp_path):
    with pytest.raises(impasto.InputError, match="holds no photos"):
        impasto.train_style(stripes, photos=tmp_path)
