import subprocess
import sys

import numpy as np
import pytest
from PIL import ExifTags, Image

import impasto
from impasto.errors import InputError, OutputError, SettingError, WeightsError


@pytest.fixture
def paint(photo, wave, compact_weights):
    """Paints a few steps, with any argument replaced."""

    def run(content=photo, style=wave, **options):
        options = {"weights": compact_weights, "steps": 2, "device": "cpu"} | options
        return impasto.optimize(content, style, **options)

    return run


def test_painting(paint, photo, tmp_path):
    painting = paint()
    assert painting.pixels.shape == (48, 64, 3)
    assert painting.pixels.dtype == np.float32
    assert painting.pixels.min() >= 0
    assert painting.pixels.max() <= 1
    assert painting.size == (64, 48)
    assert painting.alpha is None
    assert painting.notices == ()
    assert [(r.scale, r.side, r.step) for r in painting.losses] == [(0, 64, 1), (0, 64, 2)]
    assert set(painting.losses[0].losses) == {"content", "style", "tv", "total"}
    content = np.asarray(Image.open(photo), np.float32) / 255
    assert 0.001 < np.abs(painting.pixels - content).mean() < 0.3
    image = painting.to_pil()
    painting.save(tmp_path / "out.png")
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(tmp_path / "out.png")))
    with pytest.raises(OutputError, match="exists"):
        painting.save(tmp_path / "out.png")
    painting.save(str(tmp_path / "out.png"), overwrite=True)


def test_losses_fall(paint):
    losses = [record.losses["total"] for record in paint(steps=12, init="noise").losses]
    assert losses[-1] < 0.8 * losses[0]


def test_kinds_of_pictures(paint, photo, wave):
    expected = paint().pixels
    image = Image.open(photo)
    for content in (str(photo), image, np.asarray(image)):
        assert np.array_equal(paint(content).pixels, expected)
    style = Image.open(wave)
    for alike in (str(wave), [wave], [(wave, 3)], (style,), np.asarray(style), [str(wave), style]):
        assert np.abs(paint(style=alike).pixels - expected).max() < 1e-3


def test_weights_of_styles(paint, wave, flow):
    one, other = paint(style=wave).pixels, paint(style=flow).pixels
    mostly_one = paint(style=[(wave, 99), (flow, 1)]).pixels
    mixed = paint(style=[wave, flow]).pixels
    assert np.abs(mostly_one - one).mean() < np.abs(mixed - one).mean()
    assert np.abs(mostly_one - one).mean() < np.abs(mostly_one - other).mean()


def test_size(paint, blotches, tmp_path):
    assert paint(size=96).size == (96, 72)
    assert paint(size=32).size == (32, 24)
    # Not enlarged, nor beyond 1024 px, unless asked.
    blotches(5, 1300, 40).save(tmp_path / "wide.png")
    assert paint(tmp_path / "wide.png", steps=1).size == (1024, 32)


def test_panorama_skips_scales_that_are_too_narrow(paint, blotches, tmp_path):
    blotches(5, 400, 40).save(tmp_path / "wide.png")
    painting = paint(tmp_path / "wide.png", steps=1)
    assert [record.side for record in painting.losses] == [200, 400]


def test_init(paint, wave, flow, tmp_path):
    """After one tiny step the picture still is what it started from."""
    still = {"steps": 1, "learning_rate": 1e-5}
    content = paint(**still).pixels
    flat = tmp_path / "flat.png"
    Image.new("RGB", (30, 90), (200, 100, 0)).save(flat)
    # A start of another shape is cropped, not stretched.
    split = tmp_path / "split.png"
    rows = np.zeros((120, 40, 3), np.uint8)
    rows[45:75] = 255
    Image.fromarray(rows).save(split)
    assert np.allclose(paint(init=str(flat), **still).pixels, [200 / 255, 100 / 255, 0], atol=1e-3)
    assert paint(init=str(split), **still).pixels.min() > 0.99
    style = paint(style=[wave, flow], init="style", **still).pixels
    assert np.allclose(style, paint(init=str(wave), **still).pixels, atol=1e-3)
    noise = paint(init="noise", **still).pixels
    assert abs(noise.mean() - 0.5) < 0.02
    assert not np.allclose(noise, content, atol=0.05)


def test_seed(paint):
    first = paint(init="noise", seed=4).pixels
    assert np.array_equal(first, paint(init="noise", seed=4).pixels)
    assert not np.array_equal(first, paint(init="noise", seed=5).pixels)
    assert np.array_equal(paint(seed=4).pixels, paint(seed=5).pixels)


def test_alpha_is_carried_over(paint, photo, tmp_path):
    content = Image.open(photo).convert("RGBA")
    content.putalpha(Image.linear_gradient("L").resize(content.size))
    alpha = np.asarray(content)[..., 3] / 255
    painting = paint(content)
    assert np.abs(painting.alpha - alpha).max() < 1e-6
    assert painting.to_pil().mode == "RGBA"
    painting.save(tmp_path / "out.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out.png"))[..., 3], alpha * 255)
    assert paint(content, size=96).alpha.shape == (72, 96)


def test_exif_is_carried_over(paint, photo, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Hokusai"
    Image.open(photo).save(tmp_path / "signed.jpg", exif=exif)
    paint(tmp_path / "signed.jpg").save(tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.getexif()[ExifTags.Base.Artist] == "Hokusai"


def test_notices_are_said_once(paint, blotches, tmp_path):
    frames = [blotches(seed, 64, 48) for seed in (7, 8)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    seen = []
    painting = paint(path, style=[path, path], on_step=lambda step: seen.append(step.notices))
    assert len(painting.notices) == 1
    assert "2 frames" in painting.notices[0]
    assert seen == [painting.notices, ()]


def test_steps(photo, wave, compact_weights):
    steps = list(
        impasto.optimize_steps(photo, wave, weights=compact_weights, size=200, steps=2, seed=1)
    )
    assert [(s.scale, s.step) for s in steps] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert [(s.side, s.steps) for s in steps[0].scales] == [(100, 2), (200, 2)]
    assert [round(s.done, 2) for s in steps] == [0.1, 0.2, 0.6, 1]
    assert steps[-1].seconds_left == 0 < steps[0].seconds_left
    assert steps[0].picture().shape == (75, 100, 3)
    assert steps[0].painting().size == (100, 75)
    assert len(steps[0].painting().losses) == 1
    # Later steps leave earlier pictures alone.
    assert not np.array_equal(steps[0].picture(), steps[1].picture())
    whole = impasto.optimize(photo, wave, weights=compact_weights, size=200, steps=2, seed=1)
    assert np.array_equal(steps[-1].painting().pixels, whole.pixels)


def test_settings_and_options(paint):
    settings = impasto.OptimizeSettings(size=40, steps=1)
    painting = paint(settings=settings, steps=3)
    assert painting.size == (40, 30)
    assert len(painting.losses) == 3
    with pytest.raises(TypeError, match="stile_weight"):
        paint(stile_weight=2)
    with pytest.raises(SettingError, match="strength is 2"):
        paint(strength=2)


def test_stop_from_a_callback(paint, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(on_step=stop, checkpoint=tmp_path / "c")
    assert len(paint(resume=tmp_path / "c").losses) == 2


def test_out_of_memory_ends_with_the_scale_before(paint, tmp_path, monkeypatch):
    from impasto.optimize import solver

    class Objective(solver.Objective):
        def __init__(self, encoder, content, *others):
            if max(content.shape) > 100:
                raise MemoryError
            super().__init__(encoder, content, *others)

    monkeypatch.setattr(solver, "Objective", Objective)
    painting = paint(size=200, checkpoint=tmp_path / "c")
    assert painting.size == (100, 75)
    assert "finished at 100 px" in painting.notices[0]
    assert len(painting.losses) == 2
    # What was settled for is final.
    assert np.array_equal(paint(size=200, resume=tmp_path / "c").pixels, painting.pixels)


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_weight_of_a_style(paint, wave, weight):
    with pytest.raises(SettingError, match=f"weight of style 2 is {weight}; it must be"):
        paint(style=[wave, (wave, weight)])


def test_no_style(paint):
    with pytest.raises(SettingError, match="no style"):
        paint(style=[])


def test_bad_pictures(paint, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    for wrong in (tmp_path / "missing.jpg", tmp_path / "text.jpg", tmp_path):
        for arguments in ({"content": wrong}, {"style": wrong}, {"init": str(wrong)}):
            with pytest.raises(InputError):
                paint(**arguments)
    with pytest.raises(InputError, match="too small"):
        paint(np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(TypeError, match="not int"):
        paint(style=[3])


def test_picture_too_narrow_for_the_encoder(paint):
    with pytest.raises(SettingError, match="200 x 3 pixels is too narrow"):
        paint(np.zeros((16, 1000, 3), np.uint8), size=200)


def test_bad_encoder(paint, tmp_path):
    with pytest.raises(WeightsError):
        (tmp_path / "w.safetensors").write_bytes(b"")
        paint(weights=tmp_path / "w.safetensors")
    with pytest.raises(SettingError, match="relu5_4"):
        paint(content_layers=("relu5_4",))


def test_needs_the_torch_extra(photo):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import impasto\n"
        f"try: impasto.optimize({str(photo)!r}, {str(photo)!r})\n"
        "except impasto.MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == ('optimization needs more than the core: pip install "impasto[torch]"\n')


def test_shipped_encoder_paints(photo, wave):
    """The asset that ships, as a user meets it: no weights named."""
    painting = impasto.optimize(photo, wave, steps=2)
    assert painting.losses[0].losses["style"] > 0


# Colours


def test_colours_of_every_step_are_those_of_the_painting(paint, photo):
    from impasto.image.colour import rgb_to_oklab

    plain, seen = paint(), []
    painting = paint(colour="luminance", size=200, on_step=seen.append)
    for step in seen:
        assert np.array_equal(step.picture(), step.painting().pixels)
    assert np.array_equal(seen[-1].picture(), painting.pixels)
    content = impasto.optimize(photo, photo, strength=0, size=200).pixels
    found, wanted = rgb_to_oklab(painting.pixels), rgb_to_oklab(content)
    assert np.abs(found[..., 1:] - wanted[..., 1:]).mean() < 0.01
    assert not np.array_equal(plain.pixels, paint(colour="linear").pixels)


@pytest.mark.parametrize("colour", ["luminance", "linear", "histogram"])
def test_without_strength_every_colour_mode_leaves_the_photo(paint, photo, colour):
    content = np.asarray(Image.open(photo), np.float32) / 255
    assert np.abs(paint(colour=colour, strength=0).pixels - content).max() < 0.02


def test_colours_are_a_part_of_the_checkpoint(paint, tmp_path):
    painting = paint(colour="histogram", checkpoint=tmp_path / "c")
    again = paint(colour="histogram", resume=tmp_path / "c")
    assert np.array_equal(again.pixels, painting.pixels)
    with pytest.raises(SettingError, match="colour was histogram, now style"):
        paint(resume=tmp_path / "c")
