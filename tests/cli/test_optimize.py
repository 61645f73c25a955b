import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from impasto.cli import progress

QUICK = ("--steps", 2, "--device", "cpu")


@pytest.fixture
def optimize(impasto, photo, wave, compact_weights):
    """`impasto optimize photo.jpg --style wave.png`, a few steps of it, which must succeed."""

    def run(*words):
        result = impasto(
            "optimize", photo, "--style", wave, "--weights", compact_weights, *QUICK, *words
        )
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def refused(fails, photo, wave, compact_weights, tmp_path):
    """The same, which must fail with one line and leave nothing behind."""

    def run(part, *words, exit_code=2):
        before = sorted(tmp_path.iterdir())
        line = fails(
            part,
            *("optimize", photo, "--style", wave, "--weights", compact_weights),
            *(*QUICK, "--quiet", *words),
            exit_code=exit_code,
        )
        assert sorted(tmp_path.iterdir()) == before
        return line

    return run


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_default_output(optimize, photo, flow):
    result = optimize("--style", f"{flow}:0.5")
    written = photo.with_name("photo-wave+flow.jpg")
    assert opened(written).shape == (48, 64, 3)
    assert result.stdout.startswith(f"{written}: 64 x 48 pixels in ")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.startswith("impasto: scale 1 of 1, 64 px, step 1 of 2: content ")


def test_output_size_and_quiet(optimize, tmp_path):
    out = tmp_path / "out.jpg"
    result = optimize("-o", out, "--size", 80, "--quiet")
    assert (result.stdout, result.stderr) == ("", "")
    assert opened(out).shape == (60, 80, 3)


def test_is_what_the_library_paints(optimize, photo, wave, compact_weights, tmp_path):
    import impasto

    optimize("-o", tmp_path / "out.png", "--optimizer", "lbfgs", "--strength", 0.5)
    painting = impasto.optimize(
        photo, wave, weights=compact_weights, steps=2, optimizer="lbfgs", strength=0.5, device="cpu"
    )
    assert np.array_equal(opened(tmp_path / "out.png"), np.asarray(painting.to_pil()))


def test_seed(optimize, tmp_path):
    pictures = []
    for number, seed in enumerate((5, 5, 6)):
        out = tmp_path / f"{number}.png"
        optimize("-o", out, "--init", "noise", "--seed", seed)
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_alpha_and_exif_are_carried_over(impasto, photo, wave, compact_weights, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Hokusai"
    with Image.open(photo) as image:
        image.putalpha(128)
        image.save(tmp_path / "half.png", exif=exif)
    words = ("--style", wave, "--weights", compact_weights, *QUICK)
    assert impasto("optimize", tmp_path / "half.png", *words).exit_code == 0
    with Image.open(tmp_path / "half-wave.png") as painted:
        assert painted.mode == "RGBA"
        assert set(np.asarray(painted)[..., 3].flat) == {128}
        assert painted.getexif()[ExifTags.Base.Artist] == "Hokusai"


def test_overwrite(optimize, refused, photo):
    out = photo.with_name("photo-wave.jpg")
    out.write_bytes(b"precious")
    refused("photo-wave.jpg: the file exists; replace it with --overwrite")
    assert out.read_bytes() == b"precious"
    optimize("--overwrite")
    assert opened(out).shape == (48, 64, 3)


def test_previews(optimize, tmp_path):
    out = tmp_path / "out.jpg"
    optimize("-o", out, "--size", 200, "--preview-every", 2)
    # The last preview is of the last step.
    assert opened(tmp_path / "out-preview.png").shape == (150, 200, 3)
    optimize("-o", out, "--size", 200, "--preview-every", 3, "--overwrite")
    assert opened(tmp_path / "out-preview.png").shape == (150, 200, 3)
    optimize("-o", tmp_path / "b.png", "--preview-every", 3)
    assert not (tmp_path / "b-preview.png").exists()


def test_loss_plot(optimize, tmp_path):
    optimize("--loss-plot", tmp_path / "losses.svg", "--size", 200, "--init", "content")
    plot = (tmp_path / "losses.svg").read_text()
    for words in ("100 px", "200 px", "weighted loss", "content", "style", "total"):
        assert f"<!-- {words} -->" in plot


def test_trace(optimize, tmp_path):
    optimize(
        "--trace", tmp_path / "trace.json", "--size", 200, "--tv-weight", 0, "--init", "content"
    )
    trace = json.loads((tmp_path / "trace.json").read_text())
    assert trace["size"] == [200, 150]
    assert trace["settings"]["tv_weight"] == 0
    assert [(s["scale"], s["side"], s["step"]) for s in trace["steps"]] == [
        (0, 100, 1),
        (0, 100, 2),
        (1, 200, 1),
        (1, 200, 2),
    ]
    assert set(trace["steps"][0]["losses"]) == {
        "content",
        "structure",
        "style",
        "palette",
        "tone",
        "total",
    }


def test_checkpoint_and_resume(optimize, refused, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    optimize("--checkpoint", checkpoint, "-o", tmp_path / "a.png")
    saved = checkpoint.read_bytes()
    # A finished painting resumed is the same painting.
    optimize("--resume", checkpoint, "-o", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    refused("checkpoint: the file exists", "--checkpoint", checkpoint)
    refused("seed was 0, now 1", "--resume", checkpoint, "--seed", 1)
    refused("this is an input", "--resume", checkpoint, "--trace", checkpoint, "--overwrite",
            "--checkpoint", tmp_path / "other")  # fmt: skip
    assert checkpoint.read_bytes() == saved


def test_notices_are_printed(impasto, blotches, wave, compact_weights, tmp_path):
    frames = [blotches(seed, 64, 48) for seed in (7, 8)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    words = ("--style", wave, "--weights", compact_weights, *QUICK, "--quiet")
    result = impasto("optimize", path, *words)
    assert result.stdout == ""
    assert result.stderr == f"impasto: {path} has 2 frames; only the first is used\n"


def test_wrong_inputs(refused, impasto, photo, wave, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    refused("missing.png: no such file", "--style", tmp_path / "missing.png")
    refused("neither a file nor the name of a style; did you mean irises?", "--style", "irisis")
    refused("text.jpg: ", "--style", text)
    refused("missing.png: no such file", "--init", tmp_path / "missing.png")
    refused("this is a folder", "--style", tmp_path)
    refused("weight of style 2 is -1.0; it must be from 0", "--style", f"{wave}:-1")
    refused("weight of style 2 is nan; it must be from 0", "--style", f"{wave}:nan")
    refused("style-layer-weights has 2 values for 5", "--style-layer-weights", "1,2")
    refused("make one larger", "--style-weight", "0", "--content-weight", "0")
    refused("it must be numbers", "--style-layer-weights", "1,x")
    refused("relu9_1", "--content-layers", "relu9_1")
    refused("weights come in", "--weights", photo)
    refused("no such file", "--weights", tmp_path / "missing.safetensors")
    refused("there is no device 'tpu'", "--device", "tpu")
    refused("no such file", "--resume", tmp_path / "missing")
    refused("not a checkpoint", "--resume", text)


def test_regions(impasto, photo, wave, flow, compact_weights, tmp_path):
    import impasto as package

    mask, part = tmp_path / "mask.png", tmp_path / "part.png"
    Image.linear_gradient("L").save(mask)
    Image.linear_gradient("L").rotate(90).save(part)
    words = ("--weights", compact_weights, *QUICK, "--region", f"{mask}={flow}:0.5")
    words += ("--format", "png")
    job = {"weights": compact_weights, "steps": 2, "device": "cpu", "regions": [(mask, flow, 0.5)]}
    assert impasto("optimize", photo, *words).exit_code == 0
    painting = package.optimize(photo, **job)
    found = opened(photo.with_name("photo-flow.png"))
    assert np.array_equal(found, np.asarray(painting.to_pil()))
    assert impasto("optimize", photo, "-s", wave, "--style-region", part, *words).exit_code == 0
    painting = package.optimize(photo, wave, style_regions=[part], **job)
    found = opened(photo.with_name("photo-wave+flow.png"))
    assert np.array_equal(found, np.asarray(painting.to_pil()))


def test_wrong_regions(refused, fails, photo, wave, compact_weights, tmp_path):
    black = tmp_path / "black.png"
    Image.new("L", (20, 20)).save(black)
    missing = tmp_path / "missing.png"
    shape = "must be MASK=STYLE, such as sky.png=wave.jpg"
    for word in ("mask.png", f"={wave}", f"{black}="):
        refused(shape, "--region", word)
    refused("missing.png: no such file", "--region", f"{missing}={wave}")
    refused("missing.png: no such file", "--region", f"{black}={missing}")
    refused("missing.png: no such file", "--style-region", missing)
    told = "black.png: the mask is completely black; paint the region white"
    refused(told, "--region", f"{black}={wave}")
    refused(told, "--style-region", black)
    refused("the photo is opaque", "--region", f"alpha={wave}")
    refused(
        "the weight of region 1 is -1.0; it must be from 0 to 1",
        "--region",
        f"{black}={wave}:-1",
    )
    refused(
        "more style regions (2) than styles (1)", "--style-region", photo, "--style-region", photo
    )
    refused("this is an input", "--region", f"{black}={wave}", "-o", black, "--overwrite")
    fails("there is no style; name one, as in --style great-wave", "optimize", photo)


def test_missing_content(fails, wave, tmp_path):
    """Not its folder is blamed, though the default output would go there."""
    missing = tmp_path / "missing" / "photo.jpg"
    fails(f"{missing}: no such file", "optimize", missing, "--style", wave)


def test_wrong_outputs(refused, photo, wave, compact_weights, tmp_path):
    exists = tmp_path / "exists"
    exists.write_text("precious")
    refused("not an output format", "-o", tmp_path / "out.xyz")
    refused("folder", "-o", tmp_path / "missing" / "out.png")
    refused("this is an input", "-o", photo, "--overwrite")
    refused("this is an input", "--trace", wave, "--overwrite")
    refused("this is an input", "--checkpoint", compact_weights, "--overwrite")
    refused("two outputs have the same name", "--trace", tmp_path / "a", "--checkpoint",
            tmp_path / "a")  # fmt: skip
    refused("plots can be .png", "--loss-plot", tmp_path / "losses.gif")
    for option in ("--trace", "--checkpoint"):
        refused("exists: the file exists", option, exists)
        refused("folder", option, tmp_path / "missing" / "file")
    plot = tmp_path / "losses.png"
    plot.write_text("precious")
    refused("losses.png: the file exists", "--loss-plot", plot)
    preview = tmp_path / "out-preview.png"
    preview.write_text("precious")
    refused("preview.png: the file", "-o", tmp_path / "out.png", "--preview-every", 1)


def test_missing_matplotlib(refused, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    line = refused("needs more packages", "--loss-plot", tmp_path / "l.png", exit_code=1)
    assert line.endswith('pip install "impasto[torch]"')


def test_missing_torch(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    line = refused("optimization needs more packages", exit_code=1)
    assert line.endswith('pip install "impasto[torch]"')


def test_own_weights_are_not_fetched(refused, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nobody answers
    refused("weights of another network", "--encoder", "vgg19", exit_code=1)


@pytest.fixture
def started(photo, wave, compact_weights, tmp_path):
    """A real program with work for minutes, which has begun to paint."""
    words = [sys.executable, "-m", "impasto", "optimize", photo, "--style", wave]
    words += ["--weights", compact_weights, "--device", "cpu", "--steps", "90000"]
    words += ["-o", tmp_path / "out.png", "--trace", tmp_path / "trace.json"]

    def start(*more):
        process = subprocess.Popen(
            [str(word) for word in [*words, *more]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path.cwd(),
            env=os.environ | {"PYTHONWARNINGS": "error"},
        )
        assert "scale 1 of 1" in process.stderr.readline()
        return process

    return start


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_keeps_the_picture(started, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    seen = 0
    for words in (["--checkpoint", checkpoint], ["--resume", checkpoint, "--overwrite"]):
        process = started(*words)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, "")
        (line,) = out.splitlines()
        assert line.startswith(f"{tmp_path / 'out.png'}: 64 x 48 pixels in ")
        assert line.endswith(
            f"stopped after 0% of the work; go on with --resume {checkpoint} --overwrite"
        )
        assert opened(tmp_path / "out.png").shape == (48, 64, 3)
        steps = json.loads((tmp_path / "trace.json").read_text())["steps"]
        assert [record["step"] for record in steps] == list(range(1, len(steps) + 1))
        assert len(steps) > seen
        seen = len(steps)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"photo.jpg", "wave.png", "out.png", "trace.json", "checkpoint"}


def test_a_built_in_style(impasto, photo):
    assert impasto("optimize", photo, "--style", "great-wave", *QUICK).exit_code == 0
    assert photo.with_name(f"{photo.stem}-great-wave.jpg").exists()


@pytest.mark.parametrize("words", [("-s", "mine"), ("-s", "mine:2")])
def test_a_style_of_ones_own_is_for_the_other_command(
    impasto, fails, photo, wave, words, tmp_path, monkeypatch
):
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path))
    impasto("styles", "add", "mine", wave)
    line = fails("optimize needs the picture of a style", "optimize", photo, *words)
    assert "no such file" not in line


def test_streams_in_and_out(photo, wave):
    words = [sys.executable, "-m", "impasto", "optimize", "-", "-s", str(wave), "--size", "48"]
    words += ["--steps", "1", "--format", "webp", "--threads", "1", "--output-quality", "50"]
    done = subprocess.run(words, input=photo.read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr
    with Image.open(io.BytesIO(done.stdout)) as painted:
        assert (painted.format, painted.size) == ("WEBP", (48, 36))
    assert b"standard output: 48 x 36 pixels" in done.stderr


def test_skip_existing(impasto, optimize, photo, wave):
    optimize()
    before = photo.with_name("photo-wave.jpg").read_bytes()
    result = impasto("optimize", photo, "-s", wave, "--skip-existing")
    assert result.exit_code == 0
    assert "photo-wave.jpg: skipped, as it exists" in result.stdout
    assert photo.with_name("photo-wave.jpg").read_bytes() == before


def test_words_that_are_taken_for_photos(fails, photo, wave):
    fails(f"name the style: --style {wave}", "optimize", photo, wave)


@pytest.fixture
def photos(photo, tmp_path):
    """A folder with three files that look like photos; the second is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "c.png"):
        with Image.open(photo) as image:
            image.save(folder / name)
    (folder / "b.jpg").write_text("no picture")
    return folder


def test_folder(impasto, photos, wave, compact_weights):
    words = ("--style", wave, "--weights", compact_weights, *QUICK, "--size", 32)
    result = impasto("optimize", photos, *words)
    assert result.exit_code == 1
    assert sorted(p.name for p in (photos / "painted").iterdir()) == ["a-wave.jpg", "c-wave.png"]
    assert opened(photos / "painted" / "c-wave.png").shape == (24, 32, 3)
    assert [line.split(": ")[1][:15] for line in result.stdout.splitlines()] == [
        "32 x 24 pixels "
    ] * 2
    told = result.stderr.splitlines()
    assert f"impasto: photo 3 of 3: {photos / 'c.png'}" in told
    assert told[-2].startswith(f"impasto: error: {photos / 'b.jpg'}: ")
    assert told[-1] == "impasto: 1 of 3 photos were not painted"

    again = impasto("optimize", photos, "--skip-existing", "--quiet", *words)
    assert again.exit_code == 1
    assert again.stdout == ""
    assert again.stderr.splitlines()[-1] == "impasto: 1 of 1 photos were not painted"


@pytest.mark.parametrize(
    "words",
    [("--trace", "t.json"), ("--loss-plot", "p.png"), ("--checkpoint", "c"), ("--resume", "c")],
)
def test_files_of_a_single_painting_are_refused_for_several(fails, photos, wave, words):
    fails(f"{words[0]} is for a single photo", "optimize", photos, "-s", wave, *words)


def test_ctrl_c_ends_a_batch(impasto, photos, wave, compact_weights, monkeypatch):
    def press_after_a_step(self, step):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(progress.Quiet, "step", press_after_a_step)
    words = ("--style", wave, "--weights", compact_weights, *QUICK, "--size", 32, "--quiet")
    result = impasto("optimize", photos, *words)
    assert result.exit_code == 130
    assert [p.name for p in (photos / "painted").iterdir()] == ["a-wave.jpg"]
    assert result.stderr == "impasto: stopped; 2 photos were not begun\n"


def test_a_weight_alone_is_told(impasto, photo, wave):
    words = ("optimize", photo, "-s", f"{wave}:0.5", "--size", 32, "--steps", 1)
    assert "the weight of a single style has no effect" in impasto(*words).stderr
    assert "is not a weight" in impasto("optimize", photo, "-s", f"{wave}:0,5").stderr


def test_metadata_are_stripped(optimize, photo, tmp_path):
    exif = Image.Exif()
    exif[0x8298] = "me"
    with Image.open(photo) as image:
        image.save(photo, exif=exif.tobytes())
    optimize("-o", tmp_path / "kept.jpg")
    optimize("-o", tmp_path / "bare.jpg", "--strip-metadata")
    with Image.open(tmp_path / "kept.jpg") as kept, Image.open(tmp_path / "bare.jpg") as bare:
        assert (kept.getexif()[0x8298], len(bare.getexif())) == ("me", 0)
