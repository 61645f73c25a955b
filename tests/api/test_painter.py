"""Painting in one pass from Python; see test_stepwise.py for optimization."""

import io
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError, OutputError, SettingError
from impasto.image.colour import rgb_to_oklab
from impasto.models.assets import FOLDER

SAMPLES = Path(__file__).parents[2] / "samples"


def test_from_files_images_arrays_and_names(photo, wave):
    by_path = impasto.stylize(str(photo), str(wave), device="cpu")
    assert by_path.size == (64, 48)
    with Image.open(photo) as content, Image.open(wave) as style:
        by_image = impasto.stylize(content, style, device="cpu")
        by_array = impasto.stylize(np.asarray(content), np.asarray(style), device="cpu")
    assert np.array_equal(by_path.pixels, by_image.pixels)
    assert np.array_equal(by_path.pixels, by_array.pixels)
    by_name = impasto.stylize(photo, "great-wave", device="cpu")
    assert not np.array_equal(by_name.pixels, by_path.pixels)


def test_sample_photo_in_a_sample_style():
    painting = impasto.stylize(
        SAMPLES / "photos" / "chelsea.jpg", SAMPLES / "styles" / "wave.jpg", size=200
    )
    assert painting.size == (200, 133)
    assert painting.losses == ()
    assert painting.pixels.std() > 0.05


def test_several_styles_with_weights(photo, wave, flow):
    mixed = impasto.stylize(photo, [(wave, 3), flow], device="cpu").pixels
    styles = [impasto.load_style(path, device="cpu") for path in (wave, flow)]
    blended = impasto.stylize(photo, impasto.blend(styles, [3, 1]), device="cpu").pixels
    assert np.array_equal(mixed, blended)
    only = impasto.stylize(photo, [(wave, 1), (flow, 0)], device="cpu").pixels
    assert np.array_equal(only, impasto.stylize(photo, wave, device="cpu").pixels)


def test_a_saved_style_paints_the_same(photo, wave, tmp_path):
    style = impasto.load_style(wave, device="cpu")
    impasto.save_style(style, tmp_path / "mine.npz")
    with pytest.raises(OutputError, match="the file exists"):
        impasto.save_style(style, tmp_path / "mine.npz")
    saved = impasto.stylize(photo, tmp_path / "mine.npz", device="cpu")
    assert np.array_equal(saved.pixels, impasto.stylize(photo, wave, device="cpu").pixels)


def test_a_file_comes_before_a_name(wave, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wave.rename("great-wave")
    assert impasto.load_style("great-wave").title == ""
    Path("great-wave").unlink()
    assert impasto.load_style("great-wave").title == "The Great Wave off Kanagawa"


def test_alpha_and_exif_are_carried(wave, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 4), np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path, exif=exif)
    painting = impasto.stylize(path, wave, size=30, device="cpu")
    assert painting.size == (30, 20)
    assert painting.alpha.shape == (20, 30)
    painting.save(tmp_path / "painting.png")
    with Image.open(tmp_path / "painting.png") as saved:
        assert saved.mode == "RGBA"
        assert saved.getexif()[0x010F] == "Camera"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 2}, "strength is 2"),
        ({"size": 8}, "size is 8"),
        ({"size": 20}, "a painting of 20 x 15 pixels; both sides need at least 16"),
        ({"brush": 0.05}, "brush is 0.05; it must be from 0.1 to 4"),
        ({"device": "tpu"}, "device is 'tpu'; it can be: auto, cpu"),
    ],
)
def test_refuses_settings(photo, wave, options, message):
    with pytest.raises(SettingError, match=message):
        impasto.stylize(photo, wave, **options)


@pytest.mark.parametrize("style", ["nix.jpg", "great-wav", Path("nowhere") / "a.jpg"])
def test_refuses_styles(photo, style):
    with pytest.raises(
        InputError, match=r"no such file; check|neither a file nor the name of a style"
    ):
        impasto.stylize(photo, style)


def test_refuses_no_style(photo):
    with pytest.raises(SettingError, match="no style"):
        impasto.stylize(photo, [])


@pytest.mark.parametrize("style", [None, 5])
def test_refuses_what_is_no_style_at_all(photo, style):
    with pytest.raises(TypeError, match="a style is a picture, or a list of them, not "):
        impasto.stylize(photo, style)


def test_paints_where_torch_cannot_be_imported(photo, wave, tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import impasto\n"
        f"impasto.stylize({str(photo)!r}, {str(wave)!r}, strength=0.5).save('out.png')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert (tmp_path / "out.png").exists()


@pytest.fixture(scope="module")
def chelsea():
    """The sample photo, (200, 300, 3) float32."""
    with Image.open(SAMPLES / "photos" / "chelsea.jpg") as image:
        return np.asarray(image.convert("RGB").resize((300, 200)), np.float32) / np.float32(255)


def test_linear_colour_has_the_mean_and_covariance_of_the_photo(chelsea):
    pixels = impasto.stylize(chelsea, "great-wave", colour="linear", device="cpu").pixels
    painted, photo = pixels.reshape(-1, 3), chelsea.reshape(-1, 3)
    assert painted.mean(0) == pytest.approx(photo.mean(0), abs=0.01)
    assert np.cov(painted.T) == pytest.approx(np.cov(photo.T), abs=2e-3)


def test_histogram_colour_has_the_palette_of_the_photo(chelsea):
    painted = impasto.stylize(chelsea, "great-wave", colour="histogram", device="cpu").pixels
    lab, wanted = rgb_to_oklab(painted), rgb_to_oklab(chelsea)
    for channel in range(3):
        deciles = np.arange(10, 100, 10)
        found = np.percentile(lab[..., channel], deciles)
        assert found == pytest.approx(np.percentile(wanted[..., channel], deciles), abs=0.02)


def test_luminance_colour_has_the_hues_of_the_photo(chelsea):
    painted = impasto.stylize(chelsea, "great-wave", colour="luminance", device="cpu").pixels
    lab, wanted = rgb_to_oklab(painted), rgb_to_oklab(chelsea)
    assert np.abs(lab[..., 1:] - wanted[..., 1:]).mean() < 0.01
    assert np.abs(lab[..., 0] - wanted[..., 0]).mean() > 0.02


@pytest.mark.parametrize("colour", ["luminance", "linear", "histogram"])
def test_a_grey_photo_stays_grey(chelsea, colour):
    grey = np.repeat(chelsea.mean(2, keepdims=True), 3, 2)
    painted = impasto.stylize(grey, "great-wave", colour=colour, device="cpu").pixels
    assert np.ptp(painted, axis=2).mean() < 0.03


def test_work_size_is_enlarged_to_the_size_asked_for(chelsea):
    plain = impasto.stylize(chelsea, "great-wave", device="cpu").pixels
    small = impasto.stylize(chelsea, "great-wave", work_size=100, device="cpu").pixels
    assert small.shape == plain.shape
    assert not np.array_equal(small, plain)
    larger = impasto.stylize(chelsea, "great-wave", work_size=1000, device="cpu").pixels
    assert np.array_equal(larger, plain)


def test_a_brush_makes_strokes_coarser_or_finer(chelsea):
    def fineness(brush):
        pixels = impasto.stylize(chelsea, "starry-night", brush=brush, device="cpu").pixels
        assert pixels.shape == chelsea.shape
        return np.abs(np.diff(pixels, axis=1)).mean() / pixels.std()

    fine, plain, coarse = map(fineness, (0.5, 1, 2))
    assert coarse < 0.9 * plain
    assert fine != pytest.approx(plain, rel=0.01)


def test_the_finest_brush(photo):
    assert impasto.stylize(photo, "udnie", brush=0.1, device="cpu").size == (64, 48)


def test_a_coarse_brush_is_never_too_coarse_for_the_network():
    narrow = np.random.default_rng(1).random((20, 60, 3), np.float32)
    assert impasto.stylize(narrow, "udnie", brush=4, device="cpu").size == (60, 20)


@pytest.fixture(scope="module")
def left(chelsea):
    """White on the left half."""
    mask = np.zeros((100, 150, 3), np.float32)
    mask[:, :75] = 1
    return mask


def test_regions_are_the_separate_paintings_away_from_the_border(chelsea, left):
    def paint(*style, **options):
        return impasto.stylize(chelsea, *style, device="cpu", **options).pixels

    both = paint("udnie", regions=[(left, "great-wave")])
    assert np.abs(both[:, :140] - paint("great-wave")[:, :140]).max() < 1e-5
    assert np.abs(both[:, -140:] - paint("udnie")[:, -140:]).max() < 1e-5
    two = paint(regions=[(left, "great-wave"), (1 - left, "udnie")])
    assert np.abs(two - both).mean() < 0.01


def test_what_no_region_covers_stays_the_photo(chelsea, left):
    for colour in ("style", "histogram"):
        painted = impasto.stylize(chelsea, regions=[(left, "udnie")], colour=colour).pixels
        assert np.array_equal(painted[:, -140:], chelsea[:, -140:])
        assert np.abs(painted - chelsea)[:, :140].mean() > 0.02


def test_a_region_can_have_less_of_its_style(chelsea, left):
    none = impasto.stylize(chelsea, regions=[(left, "udnie", 0)]).pixels
    assert none == pytest.approx(chelsea, abs=1e-5)
    with pytest.raises(SettingError, match="the weight of region 1 is 2; it must be from 0"):
        impasto.stylize(chelsea, regions=[(left, "udnie", 2)])


@pytest.mark.parametrize("colour", ["luminance", "linear", "histogram"])
def test_colours_are_those_of_the_photo_within_each_part(chelsea, left, colour):
    """The rest's, too: whatever the photo's colours are where the region is."""
    photo = chelsea.copy()
    photo[:, :150] = (1, 0, 0)
    job = {"regions": [(left, "udnie")], "colour": colour, "device": "cpu"}
    painted = impasto.stylize(photo, "great-wave", **job).pixels
    found, wanted = (rgb_to_oklab(pixels[:, 152:]) for pixels in (painted, photo))
    assert found.mean((0, 1)) == pytest.approx(wanted.mean((0, 1)), abs=8e-3)
    assert found.std((0, 1)) == pytest.approx(wanted.std((0, 1)), abs=8e-3)


def test_what_is_covered_all_over_is_not_painted(chelsea):
    white = np.ones((2, 2, 3), np.float32)
    painting = impasto.stylize(chelsea, "great-wave", regions=[(white, "udnie")], device="cpu")
    of_region, of_rest = painting.statistics
    assert of_region is not None
    assert of_rest is None


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (("left", "udnie", 2), "the weight of region 1 is 2"),
        (("left", "nix"), "neither a file nor the name"),
        (("nix.png", "udnie"), "nix.png: no such file"),
        ((np.zeros((2, 2, 3), np.float32), "udnie"), "completely black"),
    ],
)
def test_regions_are_examined_before_anything_is_painted(left, region, message):
    mask, *style = region
    mask = left if isinstance(mask, str) and mask == "left" else mask
    with pytest.raises((InputError, SettingError), match=message):
        impasto.Painter("great-wave", regions=[(mask, *style)], device="cpu")


def test_refuses_regions(chelsea, left):
    with pytest.raises(InputError, match="the mask of region 2 is completely black"):
        impasto.stylize(chelsea, regions=[(left, "udnie"), (0 * left, "udnie")])
    with pytest.raises(InputError, match="region 1 is the photo's alpha, but the photo is opaque"):
        impasto.stylize(chelsea, regions=[("alpha", "udnie")])
    with pytest.raises(SettingError, match="there is no style"):
        impasto.stylize(chelsea, [])


@pytest.mark.parametrize("options", [{"brush": 4}, {"brush": 0.5}, {"work_size": 64}])
def test_strength_of_zero_is_the_photo_at_any_brush(chelsea, options):
    painted = impasto.stylize(chelsea, "udnie", strength=0, device="cpu", **options).pixels
    assert np.array_equal(painted, chelsea)


def test_masks_of_zeros_and_ones_out_of_255_are_told(chelsea):
    mask = np.ones((50, 50), np.uint8)
    with pytest.raises(InputError, match="255 as a whole number"):
        impasto.stylize(chelsea, regions=[(mask, "udnie")])


def test_a_painter_paints_many_photos(chelsea, left):
    painter = impasto.Painter("great-wave", regions=[(left, "udnie")], device="cpu", size=100)
    flipped = np.ascontiguousarray(chelsea[:, ::-1])
    for photo in (chelsea, flipped):
        alone = impasto.stylize(
            photo, "great-wave", regions=[(left, "udnie")], device="cpu", size=100
        )
        assert np.array_equal(painter.paint(photo).pixels, alone.pixels)


def test_regions_are_tuples_with_names(chelsea, left):
    named = [impasto.Region(left, [("udnie", 2), "great-wave"], weight=0.5)]
    plain = [(left, [("udnie", 2), "great-wave"], 0.5)]
    a, b = (impasto.stylize(chelsea, regions=r, device="cpu").pixels for r in (named, plain))
    assert np.array_equal(a, b)


def test_the_photo_s_alpha_as_a_mask_is_each_photo_s_own(chelsea, left):
    painter = impasto.Painter(regions=[("alpha", "udnie")], device="cpu")
    everywhere = impasto.stylize(chelsea, "udnie", device="cpu").pixels
    alpha = np.full((200, 300), 0.1, np.float32)  # where it is 0, colours are hidden
    alpha[:, :150] = 1
    for mask in (alpha, alpha[:, ::-1]):
        painted = painter.paint(np.dstack([chelsea, mask])).pixels
        share = mask[..., None]
        assert painted == pytest.approx(share * everywhere + (1 - share) * chelsea, abs=1e-5)
    with pytest.raises(InputError, match="the photo is opaque"):
        painter.paint(chelsea)


def test_a_painting_tells_how_it_was_painted(chelsea):
    painting = impasto.stylize(chelsea, "udnie", device="cpu")
    assert painting.tile is None
    again = impasto.Painter("udnie", device="cpu").paint(chelsea, statistics=painting.statistics)
    assert again.pixels == pytest.approx(painting.pixels, abs=1e-4)


def test_threads_paint_with_one_painter(chelsea):
    """What a server does; every painting is the same to the bit."""
    painter = impasto.Painter("udnie", device="cpu", size=100)
    with ThreadPoolExecutor(4) as pool:
        paintings = list(pool.map(lambda _: painter.paint(chelsea).pixels, range(8)))
    assert all(np.array_equal(paintings[0], other) for other in paintings[1:])


def test_a_model_of_the_user_s_own(chelsea, tmp_path):
    for name in ("painter.onnx", "style_encoder.onnx"):
        shutil.copy(FOLDER / name, tmp_path / name)
    own = tmp_path / "painter.onnx"
    painted = impasto.stylize(chelsea, chelsea, model=own, device="cpu").pixels
    assert np.array_equal(painted, impasto.stylize(chelsea, chelsea, device="cpu").pixels)
    style = impasto.load_style(chelsea, model=str(own), device="cpu")
    assert np.array_equal(impasto.stylize(chelsea, style, device="cpu").pixels, painted)
    with pytest.raises(InputError, match=r"none\.onnx: no such file"):
        impasto.stylize(chelsea, "udnie", model=tmp_path / "none.onnx")


def test_pickled_styles_and_paintings(chelsea):
    """Jobs on several machines send them."""
    style = pickle.loads(pickle.dumps(impasto.load_style("udnie")))
    painting = pickle.loads(pickle.dumps(impasto.stylize(chelsea, style, device="cpu")))
    assert painting.size == (300, 200)


def test_what_is_hidden_does_not_matter(chelsea):
    """Neither in the photo nor in the style, nor in what they are recoloured by."""
    photo, style = chelsea[:128, :128], chelsea[64:192, 150:278]
    y, x = np.mgrid[:128, :128]
    disc = np.hypot(x - 64, y - 64) < 45
    for colour in ("style", "luminance", "linear", "histogram"):
        painted = []
        for hidden in (0.0, 1.0):
            sources = [
                np.dstack([np.where(disc[..., None], p, hidden), disc]).astype(np.float32)
                for p in (photo, style)
            ]
            painting = impasto.stylize(*sources, colour=colour, device="cpu", strength=0.8)
            painted.append(painting.pixels)
        assert np.array_equal(*painted)


def test_the_margin_of_a_cut_out_style_does_not_count(chelsea):
    wide = np.dstack([np.pad(chelsea, ((0, 0), (0, 300), (0, 0))), np.zeros((200, 600))])
    wide[:, :300, 3] = 1
    cut, whole = (impasto.load_style(p.astype(np.float32)) for p in (wide, chelsea))
    (first,), (second,) = cut.vectors.values(), whole.vectors.values()
    assert first == pytest.approx(second, abs=1e-5)
    assert cut.colour_mean == pytest.approx(whole.colour_mean, abs=1e-5)


def test_a_style_of_which_nothing_is_seen(chelsea):
    with pytest.raises(InputError, match="completely transparent"):
        impasto.load_style(np.dstack([chelsea, np.zeros((200, 300), np.float32)]))


def test_sources_of_every_kind(chelsea, photo, wave, tmp_path):
    expected = impasto.stylize(photo, [(wave, 2), ("udnie", 1)], size=32, device="cpu").pixels
    styles = [
        {wave: 2, "udnie": 1},
        ((style, weight) for style, weight in ((wave, 2), ("udnie", 1))),
        [(wave.read_bytes(), 2), ("udnie", 1)],
        [(io.BytesIO(wave.read_bytes()), 2), ("udnie", 1)],
    ]
    for style in styles:
        painting = impasto.stylize(photo.read_bytes(), style, size=32, device="cpu")
        assert np.array_equal(painting.pixels, expected)
    several = impasto.Painter(iter(["udnie"]), size=32, device="cpu")
    assert np.array_equal(several.paint(photo).pixels, several.paint(photo).pixels)


def test_color_is_colour(photo):
    first = impasto.stylize(photo, "udnie", color="linear", device="cpu")
    second = impasto.stylize(photo, "udnie", colour="linear", device="cpu")
    assert np.array_equal(first.pixels, second.pixels)
    with pytest.raises(SettingError, match="color and colour are the same"):
        impasto.stylize(photo, "udnie", color="linear", colour="linear")
    with pytest.raises(TypeError):
        impasto.stylize(photo, "udnie", colur="linear")


def test_paintings_leave_in_every_way(photo, tmp_path):
    painting = impasto.stylize(photo, "udnie", size=32, device="cpu")
    file = io.BytesIO()
    painting.save(file, format="jpeg", quality=50)
    assert file.getvalue() == painting.to_bytes("jpeg", quality=50)
    with Image.open(io.BytesIO(painting._repr_png_())) as shown:
        assert (shown.format, shown.size) == ("PNG", (32, 24))
    with pytest.raises(OutputError, match="not an output format"):
        painting.to_bytes("psd")
    with pytest.raises(SettingError, match="quality is 0; it must be from 1"):
        painting.save(tmp_path / "x.jpg", quality=0)
