import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.api.sources import SceneLoader, find_style, load_style, save_style, weighted
from impasto.errors import InputError, SettingError


def test_one_source_or_several_with_weights(wave):
    array, image = np.zeros((20, 20, 3), np.uint8), Image.new("RGB", (20, 20))
    for single in ("a.jpg", Path("a.jpg"), array, image, b"bytes", io.BytesIO()):
        assert weighted(single) == [(single, 1.0)]
    assert weighted(["a", ("b", 2)]) == [("a", 1.0), ("b", 2.0)]
    assert weighted(source for source in ("a", "b")) == [("a", 1.0), ("b", 1.0)]
    assert weighted({"a": 2, "b": 1}) == [("a", 2.0), ("b", 1.0)]
    assert weighted(()) == []
    with pytest.raises(SettingError, match="all styles have weight 0"):
        weighted([("a", 0)])
    with pytest.raises(TypeError, match="a style is a picture, or a list of them, not int"):
        weighted(5)


def test_stored_styles_are_named_or_files(tmp_path, wave):
    style = find_style("great-wave")
    assert style.title == "The Great Wave off Kanagawa"
    assert find_style(style) is style
    save_style(style, tmp_path / "mine.npz")
    assert find_style(tmp_path / "mine.npz").title == style.title
    assert find_style(wave) is None
    assert find_style(np.zeros((2, 2, 3))) is None
    with pytest.raises(InputError, match="neither a file nor the name of a style"):
        find_style("no-such-style")


def test_a_mixture_is_a_blend_of_what_is_loaded():
    mixed = load_style([("great-wave", 1), ("udnie", 3)])
    parts = [load_style(name) for name in ("great-wave", "udnie")]
    expected = 0.25 * parts[0].vector + 0.75 * parts[1].vector
    assert mixed.vector == pytest.approx(expected, abs=1e-5)
    with pytest.raises(SettingError, match="there is no style"):
        load_style([])


def test_notices_are_gathered_once_and_in_order(tmp_path, blotches):
    path = tmp_path / "style.gif"
    first, second = (blotches(seed, 32, 32) for seed in (1, 2))
    first.save(path, save_all=True, append_images=[second])
    loader = SceneLoader()
    for _ in range(2):
        loader.picture(path)
        loader.mask("region 1", path)
    assert list(loader.notices) == [f"{path} has 2 frames; only the first is used"]


def test_the_word_alpha_stays_for_each_photo():
    assert SceneLoader().mask("region 1", "alpha") == "alpha"
