import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

import impasto
from impasto.errors import InputError, OutputError, SettingError, WeightsError
from impasto.image.resize import resize
from impasto.styles import library


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
    assert set(painting.losses[0].losses) == {
        "content",
        "structure",
        "style",
        "tv",
        "palette",
        "tone",
        "total",
    }
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
    expected = paint(learning_rate=0.01).pixels
    for alike in (str(wave), [wave], [(wave, 3)], (style,), np.asarray(style)):
        found = paint(style=alike, learning_rate=0.01).pixels
        assert np.abs(found - expected).mean() < 1e-5
    # Of each of several styles fewer colours are compared.
    found = paint(style=[str(wave), style], learning_rate=0.01).pixels
    assert np.abs(found - expected).mean() < 1e-3


def test_weights_of_styles(paint, wave, flow):
    one, other = paint(style=wave).pixels, paint(style=flow).pixels
    mostly_one = paint(style=[(wave, 99), (flow, 1)]).pixels
    mixed = paint(style=[wave, flow]).pixels
    assert np.abs(mostly_one - one).mean() < np.abs(mixed - one).mean()
    assert np.abs(mostly_one - one).mean() < np.abs(mostly_one - other).mean()


def test_size(paint, blotches, tmp_path):
    assert paint(size=96).size == (96, 72)
    assert paint(size=32).size == (32, 24)
    # Of its own accord it paints at 1024 px at most, and enlarges the painting.
    blotches(5, 1300, 40).save(tmp_path / "wide.png")
    painting = paint(tmp_path / "wide.png", steps=1)
    assert painting.size == (1300, 40)
    assert painting.losses[-1].side == 1024


def test_work_size_is_enlarged_to_the_size_asked_for(paint, photo):
    seen = []
    painting = paint(size=200, work_size=96, on_step=seen.append)
    assert painting.losses[-1].side == 96
    assert painting.size == (200, 150)
    assert seen[-1].picture().shape == (72, 96, 3)
    small = resize(painting.samples, (96, 72))
    assert np.abs(small - seen[-1].picture()).mean() < 0.02
    assert paint(size=96, work_size=200).losses[-1].side == 96


def test_without_strength_an_enlarged_photo_is_the_photo(paint, blotches):
    photo = blotches(3, 400, 300)
    painting = paint(photo, strength=0, work_size=100)
    assert np.abs(painting.pixels - np.asarray(photo) / 255).mean() < 0.01


def test_panorama_skips_scales_that_are_too_narrow(paint, blotches, tmp_path):
    blotches(5, 400, 40).save(tmp_path / "wide.png")
    painting = paint(tmp_path / "wide.png", steps=1)
    assert [record.side for record in painting.losses] == [200, 400]


def test_init(paint, wave, flow, tmp_path):
    """After one tiny step the picture still is what it started from."""
    still = {"steps": 1, "learning_rate": 1e-5, "contrast": 0}
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
    job = {"weights": compact_weights, "size": 200, "steps": 2, "init": "content"}
    steps = list(impasto.optimize_steps(photo, wave, **job))
    assert [(s.scale, s.step) for s in steps] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert [(s.side, s.steps) for s in steps[0].scales] == [(100, 2), (200, 2)]
    assert [round(s.done, 2) for s in steps] == [0.23, 0.35, 0.78, 1]
    assert steps[-1].seconds_left == 0
    assert steps[0].picture().shape == (75, 100, 3)
    assert steps[0].painting().size == (100, 75)
    assert len(steps[0].painting().losses) == 1
    # Later steps leave earlier pictures alone.
    assert not np.array_equal(steps[0].picture(), steps[1].picture())
    whole = impasto.optimize(photo, wave, **job)
    assert np.array_equal(steps[-1].painting().pixels, whole.pixels)


def test_a_step_can_be_pickled(photo, wave, compact_weights):
    steps = list(impasto.optimize_steps(photo, wave, weights=compact_weights, steps=2))
    for step in steps:
        copy = pickle.loads(pickle.dumps(step))
        assert copy.losses == step.losses
        assert np.array_equal(copy.painting().pixels, step.painting().pixels)
        assert copy.painting().losses == step.painting().losses
    assert [len(step.painting().losses) for step in steps] == [1, 2]


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
    from impasto.optimization import objective

    build = objective.build

    def build_if_small(encoder, content, *others):
        if max(content.shape) > 100:
            raise MemoryError
        return build(encoder, content, *others)

    monkeypatch.setattr(objective, "build", build_if_small)
    painting = paint(size=200, init="content", checkpoint=tmp_path / "c")
    assert painting.size == (100, 75)
    assert "finished at 100 px" in painting.notices[0]
    assert len(painting.losses) == 2
    # What was settled for is final.
    again = paint(size=200, init="content", resume=tmp_path / "c")
    assert np.array_equal(again.pixels, painting.pixels)


@pytest.mark.parametrize(
    ("quality", "init"), [("draft", "fast"), ("good", "fast"), ("best", "content")]
)
def test_of_its_own_accord_only_best_starts_from_the_photo(paint, quality, init):
    found = paint(quality=quality).pixels
    assert np.array_equal(found, paint(quality=quality, init=init).pixels)
    assert not np.array_equal(found, paint(quality=quality, init="noise").pixels)


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
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


@pytest.mark.parametrize(
    ("options", "painted", "size"),
    [
        ({"work_size": 32, "content": np.zeros((20, 80, 3), np.uint8)}, 64, (80, 20)),
        (
            {"work_size": 48, "content": np.zeros((20, 80, 3), np.uint8), "init": "fast"},
            64,
            (80, 20),
        ),
    ],
)
def test_what_is_too_narrow_for_the_encoder_is_painted_larger(paint, options, painted, size):
    painting = paint(steps=1, **options)
    assert painting.losses[-1].side == painted
    assert painting.size == size


def test_paintings_that_are_too_small_are_refused(paint):
    with pytest.raises(SettingError, match="size 16 makes a painting of 16 x 12 pixels; both"):
        paint(steps=1, size=16)


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
    assert done.stdout == ('optimization needs more packages: pip install "impasto[torch]"\n')


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


# Regions


def half(width=64, height=48):
    """A mask of the left half."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def test_outside_of_its_regions_a_painting_without_style_is_the_photo(paint, photo, flow):
    content = np.asarray(Image.open(photo), np.float32) / 255
    for colour in ("style", "luminance", "histogram"):
        pixels = paint(style=(), regions=[(half(), flow)], colour=colour, steps=5).pixels
        assert np.array_equal(pixels[:, 32:], content[:, 32:])
        assert np.abs(pixels[:, :32] - content[:, :32]).mean() > 0.01


def test_a_painting_fades_into_the_photo_as_its_mask_does(paint, photo, flow):
    content = np.asarray(Image.open(photo), np.float32) / 255
    faint = np.full((48, 64), 13, np.uint8)
    painting = paint(style=(), regions=[(faint, flow)], steps=5)
    assert 0 < np.abs(painting.pixels - content).max() <= 14 / 255


def test_a_white_mask_paints_what_no_mask_does(paint, wave):
    job = {"steps": 5, "precision": "float32", "style_loss": "gram", "learning_rate": 0.01}
    expected = paint(**job).pixels
    white = np.full((48, 64), 255, np.uint8)
    for style in ((), wave):
        found = paint(style=style, regions=[(white, wave)], **job).pixels
        assert np.abs(found - expected).mean() < 1e-5


def test_two_halves_are_close_to_two_paintings(blotches):
    """With the encoder that ships, from the same start: each half follows its own style."""
    content = blotches(1, 128, 96)
    ways = np.add.outer(np.arange(96), np.arange(128))
    stripes = np.where(ways[..., None] // 4 % 2, [250, 200, 20], [20, 30, 120]).astype(np.uint8)
    blots = np.asarray(blotches(2, 128, 128))
    job = {"steps": 30, "device": "cpu", "style_loss": "gram"}
    one = impasto.optimize(content, stripes, **job).pixels
    other = impasto.optimize(content, blots, **job).pixels
    both = impasto.optimize(content, blots, regions=[(half(128, 96), stripes)], **job).pixels

    def distance(a, b, columns):
        return np.abs(a[:, columns] - b[:, columns]).mean()

    west, east = slice(0, 48), slice(80, 128)
    assert distance(both, one, west) < 0.75 * distance(both, other, west)
    assert distance(both, other, east) < 0.6 * distance(both, one, east)


def test_masks_of_every_kind(paint, photo, flow, tmp_path):
    expected = paint(regions=[(half(), flow)]).pixels
    Image.fromarray(half()).save(tmp_path / "mask.png")
    ghostly = Image.fromarray(half()).convert("RGBA")
    ghostly.putalpha(7)
    transparent = Image.open(photo).convert("RGBA")
    transparent.putalpha(Image.fromarray(half()))
    for mask in (tmp_path / "mask.png", str(tmp_path / "mask.png"), ghostly, half() > 0):
        assert np.array_equal(paint(regions=[(mask, flow, 1.0)]).pixels, expected)
    alike = [paint(transparent, regions=[(mask, flow)]).pixels for mask in ("alpha", half())]
    assert np.array_equal(*alike)
    larger = paint(regions=[(half(640, 480), flow)]).pixels
    assert np.abs(larger - expected).mean() < 0.03  # its edge is softer


@pytest.mark.parametrize("init", ["style", "fast"])
def test_init_with_regions_alone(paint, flow, init):
    painting = paint(style=(), regions=[(half(), flow)], init=init)
    assert np.isfinite(painting.pixels).all()


def test_part_of_a_style(paint, wave, flow):
    pair = np.hstack([np.asarray(Image.open(p).resize((56, 56))) for p in (wave, flow)])
    one = paint(style=pair, style_regions=[half(112, 56)], steps=8).pixels
    other = paint(style=pair, style_regions=[255 - half(112, 56)], steps=8).pixels
    whole = paint(style=pair, steps=8).pixels
    assert np.array_equal(paint(style=pair, style_regions=[None], steps=8).pixels, whole)
    assert np.abs(one - other).mean() > np.abs(one - whole).mean() > 1e-4


def test_wrong_regions(paint, photo, wave, flow):
    for weight in (-1, 2):
        with pytest.raises(SettingError, match=r"weight of region 1 is .*; it must be from 0"):
            paint(regions=[(half(), flow, weight)])
    with pytest.raises(InputError, match="mask of region 2 is completely black"):
        paint(regions=[(half(), flow), (0 * half(), flow)])
    with pytest.raises(InputError, match="region 1 is the photo's alpha, but the photo is opaque"):
        paint(regions=[("alpha", flow)])
    with pytest.raises(SettingError, match=r"more style regions \(2\) than styles \(1\);"):
        paint(style_regions=[half(), half()])
    with pytest.raises(SettingError, match="no style"):
        paint(style=())


def test_a_region_s_weight_is_a_share_of_the_strength(paint, flow):
    """As in `stylize`. Smoothness and tone are the painting's, and have no part in it."""
    white = np.full((48, 64, 3), 255, np.uint8)
    job = {"tv_weight": 0.0, "tone_weight": 0.0, "precision": "float32", "steps": 5}
    found = paint(style=(), regions=[(white, flow, 0.5)], strength=0.8, **job).pixels
    alike, stronger = (
        np.abs(found - paint(style=flow, strength=strength, **job).pixels).mean()
        for strength in (0.4, 0.8)
    )
    assert alike < stronger / 2


@pytest.mark.parametrize("init", ["content", "noise", "fast", "style"])
def test_a_region_without_weight_stays_the_photo(paint, photo, wave, flow, init):
    content = np.asarray(Image.open(photo), np.float32) / np.float32(255)
    alone = paint(style=(), regions=[(half(), flow, 0)], init=init).pixels
    assert np.array_equal(alone, content)
    both = paint(style=wave, regions=[(half(), flow, 0)], init=init).pixels
    same = [
        np.array_equal(both[:, side], content[:, side]) for side in (slice(31), slice(33, None))
    ]
    assert sorted(same) == [False, True]


def test_a_style_without_weight_does_not_count(paint, wave, flow):
    assert np.array_equal(paint(style=[(wave, 1), (flow, 0)]).pixels, paint().pixels)
    with pytest.raises(SettingError, match="all styles have weight 0"):
        paint(style=[(wave, 0), (flow, 0)])


@pytest.mark.parametrize("engine", [impasto.stylize, impasto.optimize])
def test_a_style_without_weight_is_examined_all_the_same(photo, wave, engine):
    with pytest.raises(InputError, match=r"nix\.png"):
        engine(photo, [(wave, 1), ("nix.png", 0)])


@pytest.mark.parametrize("engine", [impasto.stylize, impasto.optimize])
@pytest.mark.parametrize("name", ["a" * 5000, "a\0b"])
def test_a_name_that_no_system_takes(photo, engine, name):
    with pytest.raises(InputError):
        engine(photo, name)


def test_a_file_needs_no_library(paint, monkeypatch):
    monkeypatch.setattr(library, "shipped", None)
    paint()


@pytest.mark.parametrize("name", ["great-wave", Path("great-wave")])
def test_a_built_in_name_stands_for_its_picture(paint, name):
    painted = paint(style=name).pixels
    assert np.array_equal(painted, paint(style=library.picture("great-wave")).pixels)


@pytest.mark.parametrize("name", ["mine", "mine.npz"])
def test_a_style_of_numbers_is_not_enough(paint, wave, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path))
    impasto.save_style(impasto.load_style(wave), tmp_path / "mine.npz")
    with pytest.raises(InputError, match="optimize needs the picture of a style"):
        paint(style=name)


def test_notices_of_masks_are_told(paint, blotches, flow, tmp_path):
    mask = tmp_path / "mask.gif"
    first, second = (blotches(seed, 32, 32) for seed in (1, 2))
    first.save(mask, save_all=True, append_images=[second])
    assert paint(regions=[(mask, flow)]).notices == (
        f"{mask} has 2 frames; only the first is used",
    )


def test_regions_are_a_part_of_the_checkpoint(paint, wave, flow, tmp_path):
    path = tmp_path / "c"
    job = {"regions": [(half(), flow)], "style_regions": [half()]}
    painting = paint(checkpoint=path, **job)
    assert np.array_equal(paint(resume=path, **job).pixels, painting.pixels)
    others = "regions have changed"
    for regions in ([], [(255 - half(), flow)], [(half(), wave)], [(half(), flow, 0.5)]):
        with pytest.raises(SettingError, match=others):
            paint(resume=path, **job | {"regions": regions})
    with pytest.raises(SettingError, match="style regions have changed"):
        paint(resume=path, **job | {"style_regions": ()})


def test_tiles_paint_the_same(paint, flow):
    job = {"size": 400, "precision": "float32", "style_loss": "gram", "regions": [(half(), flow)]}
    assert np.abs(paint(tile=256, **job).pixels - paint(**job).pixels).mean() < 1e-5


def test_what_is_hidden_does_not_matter(paint, photo, wave):
    """Neither in the photo nor in the style."""
    pictures = []
    for hidden in (0, 255):
        cut = []
        for path in (photo, wave):
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGBA")).copy()
            pixels[: len(pixels) // 2, : pixels.shape[1] // 2] = (hidden, hidden, hidden, 0)
            cut.append(pixels)
        pictures.append(paint(*cut, colour="linear").pixels)
    assert np.array_equal(*pictures)


def test_sources_of_every_kind(paint, photo, wave, flow):
    expected = paint(photo, [(wave, 2.0), (flow, 1.0)]).pixels
    sources = [
        (photo.read_bytes(), {str(wave): 2, str(flow): 1}),
        (io.BytesIO(photo.read_bytes()), ((style, w) for style, w in ((wave, 2), (flow, 1)))),
    ]
    for content, styles in sources:
        assert np.array_equal(paint(content, styles).pixels, expected)
    gray = paint(photo, wave, color="luminance").pixels
    assert np.array_equal(gray, paint(photo, wave, colour="luminance").pixels)
