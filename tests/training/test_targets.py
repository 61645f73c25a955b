"""Pictures of styles and the table of their settings."""

from pathlib import Path

import pytest

from impasto.errors import InputError
from impasto.training.targets import read_styles


def test_styles_carry_their_settings(styles: Path) -> None:
    table = "name\tcontent\tside\ndots\t2.5\t\nstripes\t\t256\n"
    (styles / "styles.tsv").write_text(table)
    dots, stripes = read_styles(styles)
    assert (dots.name, dots.content, dots.side) == ("dots", 2.5, 448)
    assert (stripes.name, stripes.content, stripes.side) == ("stripes", 1.0, 256)


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures of styles"):
        read_styles(tmp_path)


def test_a_broken_picture_is_told(styles: Path) -> None:
    (styles / "broken.png").write_bytes(b"\x89PNG but no more")
    with pytest.raises(InputError, match=r"broken\.png: cannot be read"):
        read_styles(styles)
