import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from impasto.evaluation.measure import Measured, Row
from impasto.evaluation.page import SIDE, ContactSheet, html
from impasto.evaluation.pairs import Pair
from impasto.evaluation.report import Report

ROWS = (
    Row("cat", "<wave>", "stylize", 1.0, 0.25, 0.5, 1.0),
    Row("cat", "<wave>", "stylize", 0.5, 0.2, 0.6, 1.0),
)
REPORT = Report("a & b", "0123456789abcdef", 512, ROWS)


def pixels(*colour, width=300):
    return np.full((200, width, 3), colour, np.float32)


@pytest.fixture
def sheet():
    pair = Pair("cat", "<wave>", pixels(1, 0, 0), pixels(0, 1, 0, width=100))
    sheet = ContactSheet()
    for row in ROWS:
        sheet.add(Measured(row, pair, pixels(0, 0, row.strength)))
    return sheet


def test_the_page_holds_its_pictures(sheet):
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html(REPORT, sheet))
    pictures = [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]
    middles = [picture.getpixel((40, 40)) for picture in pictures]
    assert (
        np.abs(np.subtract(middles, [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 128)])).max() < 4
    )
    assert [max(picture.size) for picture in pictures] == [SIDE, 200, SIDE, SIDE]


def test_the_page_needs_nothing_else(sheet):
    page = html(REPORT, sheet)
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "<script" not in page


def test_names_are_no_markup(sheet):
    page = html(REPORT, sheet)
    assert "&lt;wave&gt;" in page
    assert "<wave>" not in page
    assert "judged by a &amp; b (0123456789abcdef)" in page


def test_changes_stand_beside_the_means(sheet):
    before = replace(REPORT, rows=(replace(ROWS[0], style_distance=0.75),), impasto="0.0.1")
    page = html(REPORT, sheet, before)
    assert "Against a report of impasto 0.0.1." in page
    assert "<td>-0.2500</td><td>1 of 1</td>" in page
    assert "change" not in html(REPORT, sheet)
