import shutil

import pytest
from PIL import Image

from impasto.cli.mix import caption, ways
from impasto.image.sheet import GAP, LABEL
from impasto.models.assets import FOLDER


@pytest.mark.parametrize(("corners", "steps"), [(2, 2), (2, 7), (4, 3)])
def test_ways(corners, steps):
    found = ways(corners, steps)
    assert len(found) == (steps if corners == 2 else steps**2)
    assert all(sum(weights) == pytest.approx(1) for weights in found)
    assert found[0] == (1, *[0] * (corners - 1))
    assert found[-1] == (*[0] * (corners - 1), 1)


def test_a_style_alone_stands_under_its_name():
    styles = ["art/wave.jpg", "great-wave"]
    found = [caption(styles, weights) for weights in ways(2, 5)]
    assert found == ["wave", "75 : 25", "50 : 50", "25 : 75", "great-wave"]


@pytest.mark.parametrize("name", ["Dürer", "Кот", "two\nlines"])
def test_a_name_that_the_sheet_cannot_show_is_a_share(name):
    assert caption([f"{name}.jpg", "wave"], (1, 0)) == "100 : 0"


def test_strip(impasto, fails, photo, wave, tmp_path):
    words = ("mix", photo, "--style", wave, "--style", "great-wave", "--steps", 3, "--size", 64)
    result = impasto(*words)
    assert result.exit_code == 0, result.output
    strip = tmp_path / "photo-wave+great-wave.png"
    with Image.open(strip) as image:
        assert image.width == GAP + 3 * (64 + GAP)
    fails("--overwrite", *words)


def test_square(impasto, photo, wave, flow, tmp_path):
    styles = [word for name in (wave, flow, "great-wave", "udnie") for word in ("-s", name)]
    result = impasto("mix", photo, *styles, "--steps", 2, "--size", 48, "-o", tmp_path / "x.png")
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "x.png") as image:
        assert image.width == GAP + 2 * (48 + GAP)
        assert image.height > 2 * LABEL


def test_errors(fails, photo, wave):
    fails("mix takes two styles or four, not 1", "mix", photo, "-s", wave)
    fails("neither a file nor the name", "mix", photo, "-s", wave, "-s", "nix")
    fails("no such file", "mix", "nix.jpg", "-s", wave, "-s", "udnie")
    fails("'udnie:2'; mix takes no weights", "mix", photo, "-s", "udnie:2", "-s", "frost")
    fails("'udnie:1'; mix takes no weights", "mix", photo, "-s", wave, "-s", "udnie:1")


def test_empty_words(fails, photo, wave):
    for words in (
        ("mix", photo, "-s", "", "-s", wave),
        ("stylize", photo, "-s", ""),
        ("optimize", photo, "-s", ""),
    ):
        fails("the name of a style is empty", *words)
    for words in (
        ("mix", "", "-s", wave, "-s", wave),
        ("styles", "sheet", ""),
        ("styles", "add", "mine", ""),
        ("optimize", "", "-s", wave),
    ):
        fails("the name is empty; name a picture", *words)


def test_an_absent_device(fails, photo, wave):
    words = ("mix", photo, "-s", wave, "-s", "udnie", "--device", "directml")
    fails("not supported by this ONNX Runtime", *words)


def test_outputs_that_nobody_means(fails, photo, wave, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in ("", "-", ".png", "new.png/"):
        for words in (
            ("mix", photo, "-s", wave, "-s", "udnie"),
            ("styles", "sheet", photo),
            ("optimize", photo, "-s", wave),
        ):
            if words[0] == "optimize" and word in ("-", "new.png/"):
                continue  # standard output, and a folder
            fails("invalid value for '--output' / '-o'", *words, "-o", word)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.jpg", "wave.png"]


def test_a_model_of_the_user_s_own(impasto, photo, wave, flow, tmp_path):
    for network in FOLDER.glob("*.onnx"):
        shutil.copy(network, tmp_path)
    model = tmp_path / "painter.onnx"
    sheets = [tmp_path / f"{name}.png" for name in ("shipped", "own")]
    for sheet, more in zip(sheets, ((), ("--model", model)), strict=True):
        words = ("--steps", 2, "--size", 32, "--device", "cpu", "-o", sheet, *more)
        result = impasto("mix", photo, "-s", wave, "-s", flow, *words)
        assert result.exit_code == 0, result.output
    assert sheets[0].read_bytes() == sheets[1].read_bytes()
    missing = impasto("mix", photo, "-s", wave, "-s", flow, "--model", tmp_path / "none.onnx")
    assert missing.exit_code == 2
    assert "none.onnx: no such file" in missing.stderr
