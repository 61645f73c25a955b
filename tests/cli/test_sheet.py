"""One photo in several styles on a sheet."""

import numpy as np
import pytest
from PIL import ExifTags, Image

import impasto
from impasto.cli.sheet import write_sheet
from impasto.errors import OutputError
from impasto.image.sheet import GAP, LABEL
from impasto.settings import StylizeSettings

NAMES = ("great-wave", "irises", "udnie")


@pytest.fixture
def sheet(photo, tmp_path):
    """Writes a sheet of three styles of the library."""

    def write(path=tmp_path / "sheet.png", **options):
        settings = StylizeSettings(device="cpu", size=48)
        named = [(name, impasto.load_style(name)) for name in NAMES]
        write_sheet(path, photo, named, settings, **{"overwrite": False, **options})
        return path

    return write


def test_each_cell_is_the_painting_of_its_style(sheet, photo, capsys):
    path = sheet(columns=1)
    with Image.open(path) as opened:
        pixels = np.asarray(opened)
    assert pixels.shape == (GAP + 3 * (36 + LABEL + GAP), 48 + 2 * GAP, 3)
    for row, name in enumerate(NAMES):
        top = GAP + row * (36 + LABEL + GAP)
        painting = impasto.stylize(photo, name, device="cpu", size=48).to_pil()
        assert np.array_equal(pixels[top : top + 36, GAP : GAP + 48], np.asarray(painting))
    assert capsys.readouterr().out == f"{path}: 72 x 234 pixels\n"


def test_columns(sheet):
    with Image.open(sheet(columns=3)) as opened:
        assert opened.size == (GAP + 3 * (48 + GAP), GAP + 36 + LABEL + GAP)


def test_an_existing_file_stays_unless_it_may_be_replaced(sheet, tmp_path):
    path = tmp_path / "sheet.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"sheet\.png: the file exists"):
        sheet()
    assert path.read_bytes() == b"precious"
    with Image.open(sheet(overwrite=True)) as opened:
        assert opened.format == "PNG"


def test_transparency_exif_and_notices_are_as_in_stylize(impasto, blotches, wave, tmp_path):
    photo, frames = tmp_path / "cutout.png", tmp_path / "frames.gif"
    image = blotches(1, 64, 48).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    image.save(photo, exif=exif)
    styles = [blotches(seed, 32, 32) for seed in (1, 2)]
    styles[0].save(frames, save_all=True, append_images=styles[1:])
    words = ("mix", photo, "-s", wave, "-s", frames, "--steps", 2, "--size", 64)
    result = impasto(*words, "--device", "cpu", "-o", tmp_path / "x.png")
    assert result.exit_code == 0, result.output
    assert result.stderr == f"impasto: {frames} has 2 frames; only the first is used\n"
    with Image.open(tmp_path / "x.png") as sheet:
        alpha = sheet.getchannel("A")
        assert alpha.getpixel((GAP + 30, GAP)) < 10
        assert alpha.getpixel((GAP + 30, GAP + 47)) > 245
        assert alpha.getpixel((2, 2)) == 255
        assert sheet.getexif()[ExifTags.Base.Make] == "Camera"
