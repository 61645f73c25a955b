import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def stylize(impasto, photo, wave):
    """`impasto stylize photo.jpg --style wave.png`, which must succeed."""

    def run(*words):
        result = impasto("stylize", photo, "--style", wave, *words)
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def refused(fails, photo, wave, tmp_path):
    """The same, which must fail with one line and leave nothing behind."""

    def run(part, *words, exit_code=2):
        before = sorted(tmp_path.iterdir())
        line = fails(part, "stylize", photo, "--style", wave, *words, exit_code=exit_code)
        assert sorted(tmp_path.iterdir()) == before
        return line

    return run


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32)


@pytest.fixture
def album(photo, tmp_path):
    """A folder of two photos, one broken file, and one that is no photo."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("a.jpg", "c.PNG"):
        with Image.open(photo) as image:
            image.save(folder / name)
    (folder / "b.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folder / "notes.txt").write_text("no photo")
    (folder / "._a.jpg").write_bytes(b"of macOS")
    return folder


def test_paints_beside_the_photo(stylize, tmp_path):
    result = stylize()
    painted = tmp_path / "photo-wave.jpg"
    assert result.stdout.startswith(f"{painted}: 64 x 48 pixels in ")
    assert len(result.stdout.splitlines()) == 1
    with Image.open(painted) as image:
        assert image.size == (64, 48)


def test_quiet(stylize):
    assert stylize("--quiet").output == ""


def test_the_words_of_other_programs(impasto, photo, wave, tmp_path):
    result = impasto("stylize", "--ci", photo, "--si", wave, "--o", tmp_path / "new" / "out")
    assert result.exit_code == 0
    assert (tmp_path / "new" / "out" / "photo-wave.jpg").exists()


def test_by_name(impasto, photo, tmp_path):
    assert impasto("stylize", photo, "-s", "great-wave", "-s", "irises:0.5").exit_code == 0
    assert (tmp_path / "photo-great-wave+irises.jpg").exists()


def test_output_file_and_size(stylize, tmp_path):
    stylize("-o", tmp_path / "x.jpg", "--size", 32)
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.format == "JPEG"
        assert image.size == (32, 24)


def test_strength_of_zero_is_the_photo(stylize, photo, tmp_path):
    stylize("--strength", 0, "--format", "png")
    assert np.abs(pixels(tmp_path / "photo-wave.png") - pixels(photo)).mean() < 0.5


def test_overwrite(stylize, refused, tmp_path):
    stylize()
    refused("--overwrite")
    stylize("--overwrite")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("-s", "great-wav"), "did you mean great-wave"),
        (("-s", "great-wave:-1"), "the weight of style 2 is -1.0; it must be from 0"),
        (("--strength", 2), "strength"),
        (("--size", 20), "both sides need at least 16"),
        (("-o", "x.xyz"), "not an output format"),
        (("-o", "missing/x.png"), "the folder missing is missing"),
        (("-o", f"{__file__}/x.png"), "test_stylize.py is a file, not a folder"),
        (("-o", f"{__file__}/more/x.png"), "test_stylize.py is a file, not a folder"),
        (("-o", f"{__file__}/more"), "is a file, not a folder; name another folder"),
        (("-o", "x" * 300 + ".png"), "the name is too long"),
        (("--device", "directml"), "not supported by this ONNX Runtime"),
    ],
)
def test_refuses(impasto, refused, photo, wave, words, part):
    if words[0] == "--strength":  # Typer's own message, of several lines
        assert impasto("stylize", photo, "-s", wave, *words).exit_code == 2
    else:
        refused(part, *words)


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_may_have_a_dot_in_its_name(impasto, album, photo, wave, tmp_path, there):
    (album / "b.jpg").unlink()
    for photos in (photo, album):
        out = tmp_path / f"{photos.stem}.v3"
        if there:
            out.mkdir()
        result = impasto("stylize", photos, "-s", wave, "-o", f"{out}/", "-q")
        assert result.exit_code == 0, result.output
        assert (out / f"{'photo' if photos is photo else 'a'}-wave.jpg").exists()


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("", "the name is empty; name a file"),
        (".png", ".png is a suffix only; put a name before it"),
        ("out/.JPG", "out/.JPG is a suffix only"),
    ],
)
def test_outputs_that_nobody_means(refused, photo, monkeypatch, word, part):
    monkeypatch.chdir(photo.parent)
    refused(part, "-o", word)


def test_refuses_missing_words(fails, photo, wave):
    fails("no photo is named", "stylize", "--style", wave)
    fails("there is no style", "stylize", photo)
    fails("nix.jpg: no such file", "stylize", "nix.jpg", "--style", wave)
    fails("no-folder/nix.jpg: no such file", "stylize", "no-folder/nix.jpg", "--style", wave)


def test_never_replaces_an_input(fails, photo, wave):
    for path in (photo, wave):
        fails("is an input", *("stylize", photo, "-s", wave, "-o", path, "--overwrite"))


def test_folder_with_a_bad_file(impasto, album, wave):
    result = impasto("stylize", album, "--style", wave)
    assert result.exit_code == 1
    painted = album / "painted"
    assert sorted(p.name for p in painted.iterdir()) == ["a-wave.jpg", "c-wave.png"]
    assert len(result.stdout.splitlines()) == 2
    first, second = result.stderr.splitlines()
    assert first.startswith(f"impasto: error: {album / 'b.jpg'}: the JPEG data are damaged")
    assert second == "impasto: 1 of 3 photos were not painted"
    again = impasto("stylize", album, "--style", wave)
    assert again.exit_code == 1
    assert again.stderr.count("the file exists") == 2


def test_photos_and_a_folder_to_paint_to(impasto, album, photo, wave, tmp_path):
    out = tmp_path / "out"
    result = impasto("stylize", photo, photo, album / "a.jpg", "-s", wave, "-o", out, "-q")
    assert result.exit_code == 0
    assert result.output == ""
    assert sorted(p.name for p in out.iterdir()) == ["a-wave.jpg", "photo-wave.jpg"]


def test_two_photos_of_one_name(impasto, album, photo, wave, tmp_path):
    twin = album / "photo.png"
    with Image.open(photo) as image:
        image.save(twin)
    out = tmp_path / "out"
    result = impasto("stylize", photo, twin, "-s", wave, "-o", out)
    assert result.exit_code == 0
    assert sorted(p.name for p in out.iterdir()) == ["photo-wave.jpg", "photo-wave.png"]


def test_a_name_too_long_does_not_keep_the_others_from_it(impasto, photo, wave, tmp_path):
    long = tmp_path / f"{'x' * 300}.jpg"
    (line,) = impasto("stylize", long, "-s", wave).stderr.splitlines()
    assert line == f"impasto: error: {long}: the name is too long; choose a shorter one"
    result = impasto("stylize", long, photo, "-s", wave, "-q")
    assert result.exit_code == 1
    assert (tmp_path / "photo-wave.jpg").exists()


def test_a_batch_goes_on_when_its_reader_has_left(album, wave, tmp_path):
    (album / "b.jpg").unlink()
    words = [sys.executable, "-m", "impasto", "stylize", album, "-s", wave]
    with (tmp_path / "errors").open("w+") as errors:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors)
        process.stdout.close()
        assert process.wait() == 0
        errors.seek(0)
        assert errors.read() == ""
    assert len(list((album / "painted").iterdir())) == 2


def test_refuses_folders(fails, album, photo, wave, tmp_path):
    (tmp_path / "empty").mkdir()
    fails("there is no photo in this folder", "stylize", tmp_path / "empty", "-s", wave)
    fails(
        "one file cannot hold 3 paintings", "stylize", album, "-s", wave, "-o", tmp_path / "x.png"
    )
    fails("photo.jpg", "stylize", album / "a.jpg", "-s", wave, "-o", photo / "sub")


def test_works_where_torch_cannot_be_imported(photo, wave, tmp_path):
    code = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None\n"
        f"sys.argv = ['impasto', 'stylize', {str(photo)!r}, '-s', {str(wave)!r}, '-q']\n"
        "from impasto.cli.app import app\n"
        "try: app()\n"
        "finally: assert not {'rich', 'matplotlib', 'onnx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "photo-wave.jpg").exists()


@pytest.mark.parametrize(("colour", "threads"), [("style", "1"), ("luminance", "None")])
def test_numpy_has_threads_for_large_matrices_only(photo, wave, colour, threads):
    """What the environment says when NumPy is loaded, as that is when it reads it."""
    words = ["impasto", "stylize", str(photo), "--style", str(wave), "--colour", colour, "-q"]
    code = f"""
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print(os.environ.get("OPENBLAS_NUM_THREADS"))
sys.meta_path.insert(0, Watch())
sys.argv = {words}
from impasto.cli import main; main()
"""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (0, f"{threads}\n"), done.stderr


def test_regions(impasto, fails, photo, wave, tmp_path):
    mask = tmp_path / "mask.png"
    Image.linear_gradient("L").save(mask)
    result = impasto("stylize", photo, "--region", f"{mask}=great-wave:0.5")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "photo-great-wave.jpg").exists()
    result = impasto("stylize", photo, "-s", wave, "--region", f"{mask}=udnie")
    assert result.exit_code == 0, result.output
    fails("must be MASK=STYLE", "stylize", photo, "--region", "great-wave")
    fails("nix.png: no such file", "stylize", photo, "--region", "nix.png=irises")
    fails("neither a file nor the name", "stylize", photo, "--region", f"{mask}=nix")


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("{mask}=great-wave:2", "the weight of region 1 is 2.0; it must be from 0"),
        ("nix.png=great-wave", "nix.png: no such file"),
        ("{black}=great-wave", "black.bmp: the mask is completely black; paint the region white"),
    ],
)
def test_regions_are_examined_once_before_the_first_photo(
    fails, photo, wave, tmp_path, region, message
):
    photo.with_name("second.jpg").write_bytes(photo.read_bytes())
    mask, black = tmp_path / "mask.bmp", tmp_path / "black.bmp"
    Image.linear_gradient("L").save(mask)
    Image.new("L", (2, 2)).save(black)
    word = region.format(mask=mask, black=black)
    photos = photo, photo.with_name("second.jpg")
    fails(message, "stylize", *photos, "-s", wave, "--region", word)


def test_an_empty_word_is_not_this_folder(impasto, photo, wave, monkeypatch):
    monkeypatch.chdir(photo.parent)
    result = impasto("stylize", "", "-s", wave)
    assert result.exit_code == 2
    assert "the name is empty" in result.output
    assert not (photo.parent / "painted").exists()


def test_notices_of_styles_and_masks_are_said_once(impasto, blotches, photo, album, tmp_path):
    style, mask = tmp_path / "style.gif", tmp_path / "mask.gif"
    for path in (style, mask):
        first, second = (blotches(seed, 32, 32) for seed in (1, 2))
        first.save(path, save_all=True, append_images=[second])
    (album / "b.jpg").unlink()
    result = impasto("stylize", photo, album, "-s", style, "--region", f"{mask}={style}", "-q")
    assert result.exit_code == 0, result.output
    lines = [f"impasto: {path} has 2 frames; only the first is used" for path in (style, mask)]
    assert result.stderr.splitlines() == lines


def test_a_mask_may_be_small_and_have_any_name(impasto, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (3, 5), 255).save("a=b.png")
    result = impasto("stylize", photo, "--region", "a=b.png=udnie:0.5", "-o", "x.png")
    assert result.exit_code == 0, result.output


def test_the_format_is_the_photos_or_the_one_asked_for(impasto, photo, wave, tmp_path):
    with Image.open(photo) as image:
        image.save(tmp_path / "b.webp")
        image.save(tmp_path / "c.gif")
    photos = (photo, tmp_path / "b.webp", tmp_path / "c.gif")
    assert impasto("stylize", *photos, "-s", wave, "-q").exit_code == 0
    for name, kind in (("photo-wave.jpg", "JPEG"), ("b-wave.webp", "WEBP"), ("c-wave.png", "PNG")):
        with Image.open(tmp_path / name) as painted:
            assert painted.format == kind
    assert impasto("stylize", *photos, "-s", wave, "--format", "tiff").exit_code == 0
    assert len(list(tmp_path.glob("*.tif"))) == 3


def test_format_and_quality_that_contradict_the_output(refused):
    refused(
        "format is png, but x.jpg ends in .jpg; leave one out", "-o", "x.jpg", "--format", "png"
    )
    refused("output-quality is for JPEG, WebP and AVIF", "-o", "x.png", "--output-quality", 50)
    refused("not for PNG", "--format", "png", "--output-quality", 50)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_output_quality(stylize, tmp_path, suffix):
    for quality in (10, 90):
        stylize("-o", tmp_path / f"{quality}{suffix}", "--output-quality", quality)
    small, large = (tmp_path / f"{quality}{suffix}" for quality in (10, 90))
    assert small.stat().st_size < large.stat().st_size


def test_recursive(impasto, album, photo, wave):
    (album / "b.jpg").unlink()
    (album / "deep" / "er").mkdir(parents=True)
    (album / "deep" / "er" / "d.jpg").write_bytes(photo.read_bytes())
    for _ in range(2):  # the paintings of the first time are no photos
        words = ("stylize", album, "-s", wave, "--recursive", "--overwrite", "-q")
        assert impasto(*words).exit_code == 0
    found = sorted(str(p.relative_to(album / "painted")) for p in album.rglob("*-wave.*"))
    assert found == ["a-wave.jpg", "c-wave.png", "deep/er/d-wave.jpg"]


def test_skip_existing(impasto, fails, album, wave):
    (album / "b.jpg").unlink()
    assert impasto("stylize", album, "-s", wave, "-q").exit_code == 0
    (album / "painted" / "a-wave.jpg").write_bytes(b"mine")
    (album / "painted" / "c-wave.png").unlink()
    result = impasto("stylize", album, "-s", wave, "--skip-existing")
    assert result.exit_code == 0
    assert (album / "painted" / "a-wave.jpg").read_bytes() == b"mine"
    assert result.stdout.startswith("1 of 2 photos skipped: their paintings exist\n")
    result = impasto("stylize", album, "-s", wave, "--skip-existing")
    assert (result.exit_code, result.stderr) == (0, "")
    words = ("stylize", album, "-s", wave, "--skip-existing", "--overwrite")
    fails("exclude each other", *words)


def piped(*words, content=b""):
    words = [sys.executable, "-m", "impasto", "stylize", *map(str, words)]
    return subprocess.run(words, input=content, capture_output=True)


@pytest.mark.parametrize(("kind", "words"), [("JPEG", ()), ("PNG", ("--format", "png"))])
def test_from_standard_input_to_standard_output(photo, wave, kind, words):
    done = piped("-", "-s", wave, *words, content=photo.read_bytes())
    assert done.returncode == 0, done.stderr
    with Image.open(io.BytesIO(done.stdout)) as painted:
        assert (painted.format, painted.size) == (kind, (64, 48))
    assert done.stderr.startswith(b"standard output: 64 x 48 pixels in ")
    assert piped("-", "-s", wave, "-q", *words, content=photo.read_bytes()).stderr == b""


def test_one_stream_and_one_file(photo, wave, tmp_path):
    done = piped("-", "-s", wave, "-o", tmp_path / "x.webp", content=photo.read_bytes())
    assert done.stdout.startswith(str(tmp_path / "x.webp").encode())
    done = piped(photo, "-s", wave, "-o", "-")
    assert done.stdout.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", b"impasto: error: standard input is empty; pipe a photo in, or name a file\n"),
        (b"diary", b"impasto: error: standard input: not a picture; "),
    ],
)
def test_nothing_to_paint_on_standard_input(content, part, wave):
    done = piped("-", "-s", wave, content=content)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(part)
    assert len(done.stderr.splitlines()) == 1


def test_a_stream_is_one_photo(fails, photo, wave):
    fails("standard output cannot hold 2 paintings", "stylize", photo, "-", "-s", wave, "-o", "-")


def test_a_file_may_be_called_like_standard_input(impasto, photo, wave, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_bytes(photo.read_bytes())
    assert impasto("stylize", "./-", "-s", wave, "-q").exit_code == 0
    assert (tmp_path / "photo-wave.png").exists()


def test_metadata_are_kept_or_stripped(stylize, photo, tmp_path):
    exif = Image.Exif()
    exif[0x8298] = "me"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0)}
    with Image.open(photo) as image:
        image.save(photo, exif=exif.tobytes(), dpi=(300, 300))
    stylize("-o", tmp_path / "kept.jpg")
    stylize("-o", tmp_path / "stripped.jpg", "--strip-metadata")
    with Image.open(tmp_path / "kept.jpg") as kept, Image.open(tmp_path / "stripped.jpg") as bare:
        assert kept.getexif()[0x8298] == "me"
        assert kept.info["dpi"] == bare.info["dpi"] == (300, 300)
        assert not bare.getexif()
    lost = stylize("-o", tmp_path / "lost.bmp").stderr
    assert (
        lost == f"impasto: {tmp_path / 'lost.bmp'}: BMP cannot store EXIF data; they are left out\n"
    )
    assert stylize("-o", tmp_path / "bare.bmp", "--strip-metadata").stderr == ""


def test_a_weight_alone_is_told(impasto, photo):
    result = impasto("stylize", photo, "-s", "great-wave:0.5", "--size", 32)
    assert result.exit_code == 0
    assert "the weight of a single style has no effect; use --strength" in result.stderr


def test_a_style_without_its_option(fails, photo, wave):
    fails(f"name the style: --style {wave}", "stylize", photo, wave)


def test_styles_by_title_and_artist(impasto, fails, photo):
    assert impasto("stylize", photo, "-s", "The Great Wave", "--size", 32).stderr == ""
    result = impasto("stylize", photo, "-s", "hokusai wave", "--size", 32)
    assert result.exit_code == 0
    assert "'hokusai wave' was read as the style great-wave" in result.stderr
    line = fails("'monet': 3 styles match; name one of them", "stylize", photo, "-s", "monet")
    assert "water-lilies" in line


def test_a_folder_does_not_hide_a_style(impasto, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        words = ("stylize", photo, "-s", "irises", "-o", "irises", "--overwrite", "-q")
        assert impasto(*words).exit_code == 0


def test_a_bad_link_harms_nobody_else(impasto, photo, wave, tmp_path):
    album = tmp_path / "links"
    album.mkdir()
    (album / "a.jpg").write_bytes(photo.read_bytes())
    (album / "loop.jpg").symlink_to("loop.jpg")
    for words in ((), ("--overwrite",)):
        result = impasto("stylize", album, "-s", wave, *words)
        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) == 1
        first, _ = result.stderr.splitlines()
        line = f"impasto: error: {album / 'loop.jpg'}: a link that points to itself; name a file"
        assert first == line


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_lines_of_a_batch_are_clean_on_a_terminal(album, photo, wave):
    import pty
    import re

    for number in range(4):
        (album / f"{number}.jpg").write_bytes(photo.read_bytes())
    main, other = pty.openpty()
    words = [sys.executable, "-m", "impasto", "stylize", str(album), "-s", str(wave)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(words, stdout=other, stderr=other, stdin=other, env=environment)
    os.close(other)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(main)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    lines = [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n")]
    painted = [line for line in lines if " pixels in " in line]
    assert len(painted) == 6
    assert all(re.fullmatch(r"\S+-wave\.\w+: 64 x 48 pixels in [\d.]+ s", line) for line in painted)
    assert "29:59" not in text


def test_a_broken_tiff_is_told_in_one_line(photo, wave, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.tif", compression="tiff_lzw")
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[200:4000] = bytes(3800)
    (tmp_path / "a.tif").write_bytes(content)
    done = piped(tmp_path / "a.tif", "-s", wave)
    (line,) = done.stderr.splitlines()
    assert b"the TIFF data are damaged or cut short" in line
