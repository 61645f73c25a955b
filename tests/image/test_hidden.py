import numpy as np
import pytest
from PIL import Image

from impasto.image import files, masks
from impasto.image.hidden import filled


@pytest.fixture
def cut_out():
    """Saves the same disc with other colours under the transparency."""
    y, x = np.mgrid[:96, :128]
    colours = np.stack([x * 2, y * 2, (x * y) // 48], 2)
    alpha = (np.hypot(x - 64, y - 48) < 32) * 255

    def save(path, hidden, **options):
        shown = np.where(alpha[..., None] > 0, colours, hidden)
        Image.fromarray(np.dstack([shown, alpha]).astype(np.uint8)).save(path, **options)
        return path

    return save


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("a.tif", {}), ("a.webp", {"lossless": True, "exact": True})],
)
def test_files_that_look_the_same_are_read_the_same(name, options, cut_out, tmp_path):
    black, white = (files.read(cut_out(tmp_path / name, hidden, **options)) for hidden in (0, 255))
    assert np.array_equal(black.samples, white.samples)
    assert np.array_equal(black.alpha, white.alpha)


def test_what_is_seen_stays(cut_out, tmp_path):
    path = cut_out(tmp_path / "a.png", 0)
    picture = files.read(path)
    seen = np.asarray(Image.open(path))
    assert np.array_equal(picture.samples[seen[..., 3] > 0], seen[seen[..., 3] > 0, :3])


@pytest.mark.parametrize("large", [False, True])
def test_hidden_parts_mirror_what_is_seen(large):
    side = 1200 if large else 60
    samples = np.zeros((side, side, 3), np.float32)
    samples[..., 0] = np.linspace(0, 1, side)
    alpha = np.zeros((side, side), np.float32)
    alpha[:, : side // 2] = 1
    samples[alpha == 0] = 7  # nobody's colour
    finished = filled(samples, alpha)
    edge = side // 2
    assert finished[:, edge, 0] == pytest.approx(samples[0, edge - 1, 0], abs=0.01)
    assert finished[:, -1, 0] == pytest.approx(0, abs=0.02)
    assert np.array_equal(finished[:, :edge], samples[:, :edge])


def test_a_small_part_seen_fills_all():
    samples = np.full((50, 70, 3), 200, np.uint8)
    samples[20:24, 30:33] = (10, 20, 30)
    alpha = np.zeros((50, 70), np.float32)
    alpha[20:24, 30:33] = 1
    assert (filled(samples, alpha) == (10, 20, 30)).all()


def test_what_is_hardly_seen_fades():
    samples = np.zeros((20, 20, 3), np.float32)
    samples[:, 10] = 1
    alpha = np.ones((20, 20), np.float32)
    alpha[:, 10], alpha[:, 11:] = 8 / 255, 0
    assert filled(samples, alpha)[:, 10] == pytest.approx(1)  # there is nothing else to see
    samples[:, 11:], alpha[:, 11:] = 0.25, 1
    alpha[:, 10] = 0
    assert filled(samples, alpha)[0, 10, 0] in (0, 0.25)
    assert (filled(samples, np.full((20, 20), 0.5, np.float32)) == samples).all()


def test_nothing_seen_is_told(tmp_path):
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "a.png")
    picture = files.read(tmp_path / "a.png")
    assert "completely transparent" in picture.notices[0]
    assert (picture.samples == picture.samples[0, 0, 0]).all()


def test_arrays_and_images_count_too():
    array = np.zeros((20, 30, 4), np.uint8)
    array[:, :15] = (9, 8, 7, 255)
    array[:, 15:] = (255, 255, 255, 0)
    for source in (array, Image.fromarray(array)):
        assert (files.load(source).samples == (9, 8, 7)).all()


def test_in_a_mask_nothing_is_covered_where_nothing_is_seen():
    array = np.full((20, 30, 4), 255, np.uint8)
    array[:, 15:, 3] = 0
    picture = files.load_mask(array)
    mask = masks.from_pixels(picture.pixels, picture.alpha)
    assert (mask[:, :15] == 1).all()
    assert (mask[:, 15:] == 0).all()
