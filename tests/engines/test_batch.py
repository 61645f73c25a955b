"""The same batch rules for both engines: several photos, folders, and what fails among them."""

import pytest
from PIL import Image
from typer.testing import CliRunner

from impasto.cli.app import app

COMMANDS = ("stylize", "optimize")


@pytest.fixture(params=COMMANDS)
def run(request, wave, compact_weights):
    """Runs one of the commands in the style of a picture, a little and on the CPU."""
    words = [request.param, "--style", wave, "--size", 32, "--device", "cpu"]
    if request.param == "optimize":
        pytest.importorskip("torch")
        words += ["--weights", compact_weights, "--steps", 1]
    return lambda *more: CliRunner().invoke(app, [str(word) for word in (*words, *more)])


@pytest.fixture
def photos(photo, tmp_path):
    """A folder of two photos and a folder with one more."""
    for name in ("photos/a.jpg", "photos/b.png", "photos/more/c.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with Image.open(photo) as image:
            image.save(path)
    return tmp_path / "photos"


def paintings(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_folder_is_painted_into_a_folder_in_it(run, photos):
    result = run(photos)
    assert result.exit_code == 0, result.output
    assert paintings(photos / "painted") == ["a-wave.jpg", "b-wave.png"]
    assert len(result.stdout.splitlines()) == 2


def test_folders_of_folders_are_painted_where_asked_for(run, photos, tmp_path):
    out = tmp_path / "out"
    assert run(photos, "--recursive", "-o", out, "--format", "webp", "-q").exit_code == 0
    assert paintings(out) == ["a-wave.webp", "b-wave.webp", "more/c-wave.webp"]


def test_several_photos_stay_where_they_are(run, photos):
    assert run(photos / "a.jpg", photos / "b.png").exit_code == 0
    assert (photos / "a-wave.jpg").is_file()
    assert (photos / "b-wave.png").is_file()


def test_one_file_does_not_hold_several_paintings(run, photos, tmp_path):
    result = run(photos, "-o", tmp_path / "one.png")
    assert result.exit_code == 2
    assert "one file cannot hold 2 paintings; name a folder" in result.stderr


def test_what_fails_does_not_keep_the_others_from_being_painted(run, photos):
    missing, broken = photos / "z.jpg", photos / "broken.png"
    broken.write_bytes(b"no picture")
    result = run(missing, broken, photos / "a.jpg")
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("impasto: error: ")]
    assert [line.split(": ")[2] for line in errors] == [str(missing), str(broken)]
    assert "impasto: 2 of 3 photos were not painted" in result.stderr
    assert (photos / "a-wave.jpg").is_file()


def test_what_is_painted_already_is_replaced_or_left_out_as_asked_for(run, photos):
    assert run(photos, "-q").exit_code == 0
    assert run(photos, "-q", "--overwrite").exit_code == 0
    left = run(photos, "--skip-existing")
    assert (left.exit_code, left.stderr) == (0, "")
    assert left.stdout == "2 of 2 photos skipped: their paintings exist\n"
    one = run(photos / "a.jpg", "-o", photos / "painted", "--skip-existing")
    assert (one.exit_code, one.stderr) == (0, "")
    assert one.stdout == f"{photos / 'painted' / 'a-wave.jpg'}: skipped, as it exists\n"


def test_without_being_asked_nothing_is_replaced(run, photos):
    """All at once as for a single photo: wrong use, told in a line that names the options."""
    painted = photos / "painted"
    assert run(photos, "-q").exit_code == 0
    one = run(photos / "a.jpg", "-o", painted, "-q")
    assert one.exit_code == 2
    assert one.stderr.startswith(f"impasto: error: {painted / 'a-wave.jpg'}: the file exists; ")
    every = run(photos, "-q")
    assert every.exit_code == 2
    assert every.stderr == (
        "impasto: error: all 2 paintings exist; "
        "--overwrite replaces them, --skip-existing skips them\n"
    )
    (painted / "a-wave.jpg").unlink()
    some = run(photos, "-q")
    assert some.exit_code == 1
    assert (painted / "a-wave.jpg").exists()
    assert some.stderr.splitlines()[-1] == (
        "impasto: 1 of 2 photos were not painted; --skip-existing skips those whose paintings exist"
    )


def test_a_photo_from_standard_input(run):
    """Messages name it."""
    empty = run("-", "-o", "x.png")
    assert empty.exit_code == 2
    assert empty.stderr == (
        "impasto: error: standard input is empty; pipe a photo in, or name a file\n"
    )


def test_a_folder_without_photos_is_an_error(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty")
    assert result.exit_code == 2
    assert "there is no photo in this folder" in result.stderr
