"""The same words in both engines: what an artist can ask for, and what comes back."""

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError, SettingError
from impasto.image.colour import rgb_to_oklab

ENGINES = ("stylize", "optimize")


@pytest.fixture(params=ENGINES)
def paint(request, compact_weights):
    """Paints with one of the engines, a little and on the CPU."""
    if request.param == "stylize":
        return lambda content, style=(), **words: impasto.stylize(
            content, style, **{"device": "cpu"} | words
        )
    pytest.importorskip("torch")
    quickly = {"steps": 2, "weights": compact_weights, "precision": "float32", "device": "cpu"}
    return lambda content, style=(), **words: impasto.optimize(content, style, **quickly | words)


@pytest.fixture
def pixels(photo):
    """The photo, (48, 64, 3)."""
    with Image.open(photo) as image:
        return np.asarray(image)


@pytest.fixture
def left():
    """White on the left half."""
    mask = np.zeros((6, 8), np.float32)
    mask[:, :4] = 1
    return mask


def test_a_painting_has_the_photo_s_size(paint, photo, wave):
    painting = paint(photo, wave)
    assert painting.size == (64, 48)
    assert painting.pixels.dtype == np.float32
    assert 0 <= painting.pixels.min() < painting.pixels.max() <= 1


def test_contrast_is_raised_unless_it_is_0(paint, photo):
    """A style of nearly one tone paints with light and shade, if the photo has any."""
    dull = 0.5 + 0.06 * (np.random.default_rng(1).random((64, 64, 3), np.float32) - 0.5)
    raised, own = (paint(photo, dull, contrast=c).pixels.std() for c in (0.15, 0))
    assert raised > 1.05 * own


def test_what_is_asked_for_twice_is_the_same(paint, photo, wave):
    assert np.array_equal(paint(photo, wave).pixels, paint(photo, wave).pixels)


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ({"size": 32}, (32, 24)),
        ({"size": 100}, (100, 75)),
        ({"work_size": 32}, (64, 48)),
        ({"size": 100, "work_size": 40}, (100, 75)),
        ({"brush": 2}, (64, 48)),
        ({"brush": 0.5}, (64, 48)),
        ({"tile": 256}, (64, 48)),
    ],
)
def test_sizes(paint, photo, wave, words, size):
    assert paint(photo, wave, **words).size == size


@pytest.mark.parametrize("words", [{}, {"brush": 2}, {"colour": "luminance"}, {"work_size": 32}])
def test_strength_0_is_the_photo(paint, photo, pixels, wave, words):
    painted = paint(photo, wave, strength=0, **words).pixels
    assert painted == pytest.approx(pixels / 255, abs=0.02)


def test_more_strength_is_further_from_the_photo(paint, photo, pixels, wave):
    distances = [
        np.abs(paint(photo, wave, strength=strength).pixels - pixels / 255).mean()
        for strength in (0, 0.3, 1)
    ]
    assert distances[0] < distances[1] + 1e-3
    assert distances[1] < distances[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"strength": 1.5}, "strength is 1.5; it must be from 0 to 1"),
        ({"strength": "much"}, "strength is 'much'; it must be a number"),
        ({"size": 8}, "size is 8; it must be from 16"),
        ({"brush": 5}, "brush is 5; it must be from 0.1 to 4"),
        ({"colour": "red"}, "colour is 'red'; it can be: style, luminance, linear, histogram"),
        ({"tile": 100}, "tile is 100; it must be from 256"),
        ({"work_size": 8}, "work-size is 8; it must be from 32"),
    ],
)
def test_bounds(paint, photo, wave, words, message):
    with pytest.raises(SettingError) as problem:
        paint(photo, wave, **words)
    assert message in str(problem.value)


def test_sources_of_every_kind(paint, photo, wave, pixels):
    expected = paint(photo, wave).pixels
    with Image.open(photo) as content, Image.open(wave) as style:
        assert np.array_equal(paint(content, style).pixels, expected)
    assert np.array_equal(paint(pixels, str(wave)).pixels, expected)
    assert np.array_equal(paint(photo.read_bytes(), wave).pixels, expected)


def test_a_built_in_style_has_a_name(paint, photo, wave):
    named = paint(photo, "great-wave").pixels
    assert np.abs(named - paint(photo, wave).pixels).mean() > 1e-3


def test_styles_have_weights(paint, photo, wave, flow):
    alone = paint(photo, wave).pixels
    assert np.array_equal(paint(photo, [(wave, 1), (flow, 0)]).pixels, alone)
    assert np.array_equal(paint(photo, [(wave, 5)]).pixels, alone)
    mixed = paint(photo, [(wave, 1), flow]).pixels
    assert np.abs(mixed - alone).mean() > 1e-3
    with pytest.raises(SettingError, match="the weight of style 2 is -1"):
        paint(photo, [wave, (flow, -1)])
    with pytest.raises(SettingError, match="no style"):
        paint(photo, [])


def test_what_no_region_covers_stays_the_photo(paint, photo, pixels, flow, left):
    painted = paint(photo, regions=[(left, flow)]).pixels
    assert painted[:, 40:] == pytest.approx(pixels[:, 40:] / 255, abs=1e-5)
    assert np.abs(painted - pixels / 255)[:, :24].mean() > 0.01


def test_regions_can_be_named_tuples_masks_of_any_kind_and_mixtures(
    paint, photo, wave, flow, left, tmp_path
):
    expected = paint(photo, wave, regions=[(left, flow)]).pixels
    path = tmp_path / "mask.png"
    Image.fromarray((left * 255).astype(np.uint8)).save(path)
    region = impasto.Region(path, [(flow, 2)], weight=1)
    assert np.array_equal(paint(photo, wave, regions=[region]).pixels, expected)


def test_the_photo_s_alpha_is_a_mask(paint, pixels, flow, left):
    large = np.kron(left, np.ones((8, 8), np.float32))
    alpha = (255 * np.maximum(large, 0.1)).astype(np.uint8)  # where it is 0, colours are hidden
    photo = np.dstack([pixels, alpha])
    painting = paint(photo, regions=[("alpha", flow)])
    same = paint(photo, regions=[(alpha, flow)])
    assert np.array_equal(painting.pixels, same.pixels)
    assert painting.alpha == pytest.approx(alpha / 255)
    with pytest.raises(InputError, match="region 1 is the photo's alpha, but the photo is opaque"):
        paint(pixels, regions=[("alpha", flow)])


def test_a_region_of_weight_0_stays_the_photo(paint, photo, pixels, wave, flow, left):
    painted = paint(photo, wave, regions=[(left, flow, 0)]).pixels
    assert painted[:, :24] == pytest.approx(pixels[:, :24] / 255, abs=1e-5)


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ({"weight": 2}, "the weight of region 1 is 2"),
        ({"mask": np.zeros((2, 2), np.float32)}, "the mask of region 1 is completely black"),
        ({"mask": "none.png"}, "none.png: no such file"),
        ({"style": "no-such-style"}, "no-such-style"),
    ],
)
def test_refuses_regions(paint, photo, wave, left, region, message):
    words = {"mask": left, "style": wave} | region
    with pytest.raises((InputError, SettingError)) as problem:
        paint(photo, wave, regions=[impasto.Region(**words)])
    assert message in str(problem.value)


@pytest.mark.parametrize("colour", ["luminance", "linear", "histogram"])
def test_colours_of_the_photo(paint, photo, pixels, wave, colour):
    """Their mean is the photo's; optimization has only begun to reach it where it has to."""
    painted = rgb_to_oklab(paint(photo, wave, colour=colour).pixels)
    wanted = rgb_to_oklab((pixels / 255).astype(np.float32))
    assert painted[..., 1:].mean((0, 1)) == pytest.approx(wanted[..., 1:].mean((0, 1)), abs=0.03)


def test_metadata_travels_along(paint, wave, photo, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    with Image.open(photo) as image:
        image.save(tmp_path / "tagged.jpg", exif=exif)
    paint(tmp_path / "tagged.jpg", wave).save(tmp_path / "painting.jpg")
    with Image.open(tmp_path / "painting.jpg") as saved:
        assert saved.getexif()[0x010F] == "Camera"


def test_an_upright_photo_is_painted_upright(paint, photo, wave, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(photo) as image:
        image.save(tmp_path / "turned.png", exif=exif)
        upright = image.rotate(-90, expand=True)
    turned = paint(tmp_path / "turned.png", wave)
    assert turned.size == (48, 64)
    assert np.array_equal(turned.pixels, paint(upright, wave).pixels)


@pytest.mark.parametrize(
    ("content", "style", "message"),
    [
        ("none.jpg", "wave", "none.jpg: no such file"),
        ("photo", "no-such-style", "no-such-style"),
    ],
)
def test_files_that_are_not_there(paint, photo, wave, content, style, message):
    places = {"photo": photo, "wave": wave}
    with pytest.raises(InputError) as problem:
        paint(places.get(content, content), places.get(style, style))
    assert message in str(problem.value)


def test_notices_are_said_once(paint, photo, blotches, tmp_path):
    path = tmp_path / "style.gif"
    first, second = (blotches(seed, 32, 32) for seed in (1, 2))
    first.save(path, save_all=True, append_images=[second])
    notices = paint(photo, path, regions=[(path, path)]).notices
    assert [line for line in notices if "has 2 frames" in line] == [
        f"{path} has 2 frames; only the first is used"
    ]
