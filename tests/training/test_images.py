"""Training images: which are held out, how they are cut, in which order they come."""

import math
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.errors import InputError
from impasto.training.images import (
    CACHED_SIDE,
    ENLARGED,
    ImageFolder,
    Images,
    prefetch,
    to_tensor,
)

# Found by their hashes, which must never change.
TRAINED_ON = {"000.png", "001.png", "sub/002.jpg", "sub/003.webp"}
HELD_OUT = {"012.png", "sub/088.png"}


def names(images: ImageFolder, root) -> list[str]:
    return [str(file.relative_to(root).as_posix()) for file in images.files]


def test_the_split_is_by_name_and_disjoint(folder):
    assert names(ImageFolder(folder), folder) == sorted(TRAINED_ON)
    assert names(ImageFolder(folder, held_out=True), folder) == sorted(HELD_OUT)


def test_the_split_stays_when_images_are_added(folder, tmp_path):
    grown = tmp_path / "grown"
    shutil.copytree(folder, grown)
    for number in range(20, 40):
        Image.new("RGB", (8, 8)).save(grown / f"{number:03}.png")
    assert set(names(ImageFolder(grown), grown)) > TRAINED_ON
    assert names(ImageFolder(grown, held_out=True), grown) == sorted(HELD_OUT)


def test_one_image_in_fifty_is_held_out(tmp_path):
    for number in range(1000):
        (tmp_path / f"{number:03}.png").touch()
    assert 10 <= len(ImageFolder(tmp_path, held_out=True)) <= 30


def test_suffixes_count_in_any_case_and_folders_and_hidden_files_do_not(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "000.PNG")
    (tmp_path / "001.jpg").mkdir()
    (tmp_path / "._000.png").write_bytes(b"of macOS")
    assert names(ImageFolder(tmp_path), tmp_path) == ["000.PNG"]


@pytest.mark.parametrize("held_out", [False, True])
def test_a_folder_without_images_is_one_line(tmp_path, held_out):
    with pytest.raises(InputError, match=r"holds no .*image") as caught:
        ImageFolder(tmp_path, held_out=held_out)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: not a folder"):
        ImageFolder(tmp_path / "nowhere")


@pytest.mark.parametrize("size", [16, 48, 96, 200])
def test_crops_have_exactly_the_size_asked_for(folder, size):
    images, rng = ImageFolder(folder), np.random.default_rng(0)
    for _ in range(30):
        crop = images.crop(rng, size)
        assert crop.shape == (size, size, 3)
        assert crop.dtype == np.uint8


@pytest.mark.parametrize("width", [1, 2, 3, 9, 10, 11, 22, 24, 29, 30, 41])
def test_pictures_smaller_than_a_crop_are_enlarged(tmp_path, width):
    Image.new("RGB", (width, 2 * width), "teal").save(tmp_path / "000.png")
    images, rng = ImageFolder(tmp_path), np.random.default_rng(0)
    for _ in range(30):
        assert images.crop(rng, 64).shape == (64, 64, 3)


def test_crops_depend_on_the_generator_alone(folder):
    one, other = ImageFolder(folder), ImageFolder(folder)
    other.crop(np.random.default_rng(9), 32)  # what was cut before does not matter
    first, again = (images.crop(np.random.default_rng(3), 32) for images in (one, other))
    assert np.array_equal(first, again)


def test_a_crop_is_a_part_of_the_picture(tmp_path):
    """In a picture whose red says how far right and green how far down a pixel lies."""
    right, down = np.meshgrid(np.arange(200), np.arange(150))
    pixels = np.stack([right, down, np.zeros_like(right)], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "000.png")
    images, rng = ImageFolder(tmp_path), np.random.default_rng(0)
    for _ in range(20):
        crop = images.crop(rng, 64, zoom=2.0).astype(float)
        rows, columns = np.ptp(crop[:, 32, 1]), np.ptp(crop[32, :, 0])
        assert math.isclose(rows, columns, abs_tol=2)  # not stretched
        assert 64 / ENLARGED - 3 <= rows <= 2 * 64 + 1


def test_pictures_too_small_for_sharp_crops_are_passed_over(tmp_path):
    for number in range(12):  # the names decide which are held out
        Image.new("L", (60, 60), 0).save(tmp_path / f"small-{number}.png")
        Image.new("L", (90, 90), 255).save(tmp_path / f"large-{number}.png")
    images, rng = ImageFolder(tmp_path), np.random.default_rng(0)
    # Ten small ones in turn, which would be taken, have odds of 1 to 1,000.
    assert all(images.crop(rng, 80).min() == 255 for _ in range(20))


def test_large_images_are_kept_small_in_memory(tmp_path):
    Image.new("L", (1200, 900)).save(tmp_path / "000.png")
    picture = ImageFolder(tmp_path).image(0)
    assert picture.mode == "RGB"
    assert min(picture.size) == CACHED_SIDE
    assert abs(picture.width / picture.height - 1200 / 900) < 0.01


def test_images_used_last_stay_in_memory_and_no_more_than_fit(tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(4)]
    for file in files:
        Image.new("RGB", (40, 40)).save(file)
    images = Images(files, cache=2 * 3 * 40 * 40)
    first, second = images.image(0), images.image(1)
    assert images.image(0) is first
    images.image(2)  # takes the place of the one that was used before all others
    assert images.image(0) is first
    assert images.image(1) is not second


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n and then nothing"])
def test_a_file_that_is_no_image_is_named_in_one_line(tmp_path, content):
    (tmp_path / "000.png").write_bytes(content)
    with pytest.raises(InputError, match=r"000\.png: cannot be read .*take it out") as caught:
        ImageFolder(tmp_path).image(0)
    assert "\n" not in str(caught.value)


def test_a_decompression_bomb_is_an_input_error(tmp_path, monkeypatch):
    Image.new("1", (300, 300)).save(tmp_path / "000.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(InputError, match="take it out of the folder"):
        ImageFolder(tmp_path).image(0)


def test_to_tensor_is_floats_in_channels_last_memory():
    crops = [np.full((4, 5, 3), (0, 51, 255), np.uint8), np.zeros((4, 5, 3), np.uint8)[:, ::-1]]
    tensor = to_tensor(crops)
    assert tensor.shape == (2, 3, 4, 5)
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(tensor[0, :, 2, 2], torch.tensor([0.0, 0.2, 1.0]))
    assert (tensor[1] == 0).all()


def batch_of(step: int) -> float:
    return float(np.random.default_rng((7, step)).random())


def test_prefetch_yields_every_steps_batch_in_order():
    assert list(prefetch(batch_of, iter(range(5)))) == [(k, batch_of(k)) for k in range(5)]


def test_prefetch_after_a_resume_yields_what_would_have_come():
    whole = list(prefetch(batch_of, iter(range(8))))
    assert list(prefetch(batch_of, iter(range(5, 8)))) == whole[5:]


def test_crops_made_by_threads_are_those_that_one_thread_makes(folder):
    images = Images(ImageFolder(folder).files, cache=1)  # decoded every time

    def crop(step):
        return images.crop(np.random.default_rng(step), 32)

    for step, found in prefetch(crop, iter(range(20))):
        assert np.array_equal(found, crop(step))


def test_prefetch_that_is_left_early_stops(folder):
    made = []
    batches = prefetch(lambda step: made.append(step) or step, iter(range(1000)))
    next(batches)
    batches.close()
    assert len(made) < 10


def test_prefetch_passes_on_what_goes_wrong():
    def fail_at_three(step: int) -> int:
        if step == 3:
            raise InputError("photo.jpg: cannot be read")
        return step

    seen = []
    with pytest.raises(InputError, match=r"photo\.jpg"):
        for step, _ in prefetch(fail_at_three, iter(range(8))):
            seen.append(step)
    assert seen == [0, 1, 2]
