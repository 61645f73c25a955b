"""Pictures of styles and the table of their settings."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from impasto.errors import InputError
from impasto.training.targets import STYLE_SIDE, StyleEntry, picture_of, read_styles, target
from impasto.training.teacher import LAYERS, Teacher


def test_styles_carry_their_settings(styles: Path) -> None:
    table = "name\tcontent\tside\ndots\t2.5\t\nstripes\t\t256\n"
    (styles / "styles.tsv").write_text(table)
    dots, stripes = read_styles(styles)
    assert (dots.name, dots.content, dots.side) == ("dots", 2.5, 512)
    assert (stripes.name, stripes.content, stripes.side) == ("stripes", 1.0, 256)


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures of styles"):
        read_styles(tmp_path)


def test_a_broken_picture_is_told(styles: Path) -> None:
    (styles / "broken.png").write_bytes(b"\x89PNG but no more")
    with pytest.raises(InputError, match=r"broken\.png: cannot be read"):
        read_styles(styles)


@pytest.mark.parametrize(
    ("size", "height", "width"),
    [
        ((1000, 500), STYLE_SIDE // 2, STYLE_SIDE),
        ((400, 200), STYLE_SIDE // 2, STYLE_SIDE),
        ((200, 100), 160, 320),  # enlarged by at most 1.6
        ((16, 16), 32, 32),
        ((2000, 40), 32, STYLE_SIDE),
    ],
)
def test_a_picture_of_any_size_can_be_measured(
    size: tuple[int, int], height: int, width: int, teacher: Teacher
) -> None:
    entry = StyleEntry("noise", Image.effect_noise(size, 60).convert("RGB"))
    assert picture_of(entry).shape == (1, 3, height, width)
    measured = target(entry, teacher, "cpu")
    for statistics in (measured.fine, measured.coarse):
        assert set(statistics.gram) == set(statistics.mean) == set(LAYERS)
        assert all(torch.isfinite(gram).all() for gram in statistics.gram.values())
    assert all(len(contrasts) for contrasts in measured.contrasts)
