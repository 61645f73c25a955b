import numpy as np
import pytest

from impasto.feedforward.sheet import GAP, LABEL, contact_sheet


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (6, 3, 2), (33, 6, 6)])
def test_sheet(count, columns, rows):
    grey = np.full((64, 96, 3), 0.5, np.float32)
    sheet = contact_sheet((f"a-style-with-a-long-name-{k}", grey) for k in range(count))
    height, width = sheet.shape[:2]
    assert (width - GAP) / (96 + GAP) == columns
    assert (height - GAP) / (64 + LABEL + GAP) == rows
    assert sheet[GAP + 30, GAP + 30] == pytest.approx(0.5, abs=0.01)
    label = sheet[GAP + 64 : GAP + 64 + LABEL, GAP : GAP + 96]
    assert label.min() < 0.5
    assert sheet[:, -GAP:].min() == 1
