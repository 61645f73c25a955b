import pytest
from PIL import Image

from impasto.image import files
from impasto.image.sheet import GAP, LABEL, contact_sheet


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (6, 3, 2), (33, 6, 6)])
def test_sheet(count, columns, rows):
    grey = Image.new("RGB", (96, 64), (128, 128, 128))
    made = contact_sheet((f"a-style-with-a-long-name-{k}", grey) for k in range(count))
    assert made.alpha is None
    sheet = made.pixels
    height, width = sheet.shape[:2]
    assert (width - GAP) / (96 + GAP) == columns
    assert (height - GAP) / (64 + LABEL + GAP) == rows
    assert sheet[GAP + 30, GAP + 30] == pytest.approx(0.5, abs=0.01)
    label = sheet[GAP + 64 : GAP + 64 + LABEL, GAP : GAP + 96]
    assert label.min() < 0.5
    assert sheet[:, -GAP:].min() == 1


def test_a_sheet_may_be_larger_than_what_is_read(monkeypatch):
    monkeypatch.setattr(files.load, "__kwdefaults__", {"min_side": 16, "max_pixels": 1000})
    grey = Image.new("RGB", (96, 64), (128, 128, 128))
    assert contact_sheet([("grey", grey)] * 4, columns=2).size == (228, 216)


def test_a_sheet_is_as_transparent_as_its_pictures():
    glass = Image.new("RGBA", (96, 64), (10, 20, 30, 0))
    sheet = contact_sheet([("glass", glass), ("pane", Image.new("RGB", (96, 64)))], columns=2)
    assert sheet.alpha[GAP + 5, GAP + 5] == 0
    assert sheet.alpha[GAP + 5, 2 * GAP + 96 + 5] == 1
    assert sheet.alpha[:GAP].min() == 1
    assert sheet.pixels[GAP + 5, GAP + 5] * 255 == pytest.approx([10, 20, 30])
