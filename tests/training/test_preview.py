"""The sheet of a training: which photos and styles it shows, and that the model painted them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.networks.painter import Palette
from impasto.training.painting_losses import palette_of, recoloured
from impasto.training.preview import Preview
from impasto.training.styled import IDENTITY, StyledPainter
from impasto.training.targets import StyleEntry, target
from impasto.training.teacher import Teacher

SIDE = 32
NAMES = ("red", "green", "blue")


@pytest.fixture
def entries() -> dict[str, StyleEntry]:
    """Styles whose pictures are of a single colour, nearly."""
    entries = {}
    for name in NAMES:
        picture = Image.new("RGB", (40, 24), name)
        picture.paste((90, 90, 90), (0, 0, 10, 10))
        entries[name] = StyleEntry(name, picture)
    return entries


@pytest.fixture
def palettes(entries: dict[str, StyleEntry], teacher: Teacher) -> dict[str, Palette]:
    return {name: target(entry, teacher, "cpu").palette for name, entry in entries.items()}


@pytest.fixture
def preview(folder: Path, entries: dict[str, StyleEntry], palettes: dict[str, Palette]) -> Preview:
    return Preview(folder, [], entries, palettes, "cpu", SIDE)


def cells(sheet: Image.Image) -> NDArray[np.uint8]:
    """(rows, columns, SIDE, SIDE, 3): the top row are styles, the left column photos."""
    pixels = np.asarray(sheet)
    rows, columns = (length // SIDE for length in pixels.shape[:2])
    return pixels.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2)


def test_styles_stand_above_and_photos_to_the_left(preview: Preview) -> None:
    grid = cells(preview.sheet(StyledPainter([IDENTITY, *NAMES]).eval(), 0))
    assert grid.shape[:2] == (3, 4), "two photos in three styles"
    for column, channel in ((1, 0), (2, 1), (3, 2)):
        means = grid[0, column].mean((0, 1))
        assert means.argmax() == channel, "red, green, blue"
    assert (grid[0, 0] == 255).all(), "the corner is empty"


def test_cells_are_photos_in_the_style_above(
    preview: Preview, palettes: dict[str, Palette]
) -> None:
    model = StyledPainter([IDENTITY, *NAMES]).eval()
    grid = cells(preview.sheet(model, 0))
    for row in (1, 2):
        photo = torch.from_numpy(grid[row, 0].copy()).permute(2, 0, 1)[None].float() / 255
        for column, name in enumerate(NAMES, start=1):
            palette = palettes[name]
            with torch.no_grad():
                painted = model(recoloured(photo, palette), palette, name)[0].clamp(0, 1)
            expected = (painted.permute(1, 2, 0) * 255).round().byte().numpy()
            assert np.abs(grid[row, column].astype(int) - expected).max() <= 1


def test_later_sheets_begin_with_other_styles_and_photos(preview: Preview) -> None:
    model = StyledPainter([IDENTITY, *NAMES]).eval()
    now, same, later = (cells(preview.sheet(model, step, columns=1)) for step in (0, 99, 100))
    assert np.array_equal(now, same)
    assert later[0, 1].mean((0, 1)).argmax() == 1, "green comes after red"
    assert np.array_equal(later[1, 0], now[2, 0]), "the second photo is now the first"


def test_the_photos_are_held_out(
    tmp_path: Path, entries: dict[str, StyleEntry], palettes: dict[str, Palette]
) -> None:
    # So their hashes say: the second is held out.
    for name, colour in (("000.png", "red"), ("012.png", "blue")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / name)
    preview = Preview(tmp_path, [], entries, palettes, "cpu", SIDE)
    grid = cells(preview.sheet(StyledPainter([IDENTITY, *NAMES]).eval(), 0, columns=1))
    assert (grid[1:, 0] == (0, 0, 255)).all()


def test_without_held_out_photos_there_is_none(
    tmp_path: Path, entries: dict[str, StyleEntry], palettes: dict[str, Palette]
) -> None:
    with pytest.raises(InputError, match="holds no held-out image"):
        Preview(tmp_path, [], entries, palettes, "cpu", SIDE)


def test_the_last_styles_are_predicted_from_artworks(
    folder: Path, entries: dict[str, StyleEntry], palettes: dict[str, Palette]
) -> None:
    preview = Preview(folder, [folder], entries, palettes, "cpu", SIDE)
    model = StyledPainter([IDENTITY, *NAMES], predicts=True).eval()
    for k, name in enumerate(NAMES):
        model.vectors[name].data.fill_(k - 1.0)
    grid = cells(preview.sheet(model, 0, columns=6))
    assert grid.shape[:2] == (3, 1 + 2 + 4), "two known styles, four artworks"
    for column in range(3, 7):
        artwork = torch.from_numpy(grid[0, column].copy()).permute(2, 0, 1)[None].float() / 255
        palette = palette_of(artwork)
        photo = torch.from_numpy(grid[1, 0].copy()).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            vector, _ = model.predict(artwork)
            painted = model.painter(recoloured(photo, palette), vector, palette)[0].clamp(0, 1)
        expected = (painted.permute(1, 2, 0) * 255).round().byte().numpy()
        assert np.abs(grid[1, column].astype(int) - expected).max() <= 1
