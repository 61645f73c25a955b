import numpy as np
import pytest

import impasto
from impasto.feedforward import memory, tiles
from impasto.feedforward.memory import TILES
from impasto.models.assets import FOLDER
from impasto.models.spec import ModelSpec
from impasto.settings import StylizeSettings

SPEC = ModelSpec.read(FOLDER / "painter.onnx")


def fitting_tile(size):
    return memory.fitting_tile(size, SPEC)


@pytest.fixture
def free(monkeypatch):
    """Sets how many megabytes are free."""

    def have(megabytes):
        amount = None if megabytes is None else megabytes * 1_000_000
        monkeypatch.setattr(memory.memory, "free_bytes", lambda: amount)
        memory.initial_free_memory.cache_clear()

    yield have
    memory.initial_free_memory.cache_clear()


@pytest.mark.parametrize("megabytes", [None, 2_000, 64_000])
def test_much_memory_changes_nothing(free, megabytes):
    free(megabytes)
    for size in ((100, 100), (1024, 1024), (3000, 4000)):
        assert fitting_tile(size) == 1024
    assert fitting_tile((2048, 1030)) == 2048
    assert fitting_tile((2049, 1030)) == 1024


def test_less_memory_makes_smaller_tiles(free):
    found = []
    for megabytes in (1400, 900, 500, 300, 0):
        free(megabytes)
        found.append(fitting_tile((3000, 4000)))
    assert found == [1024, 768, 512, 256, 256]
    free(1000)
    assert fitting_tile((2048, 2048)) == 1024


def test_a_small_picture_stays_whole(free):
    free(150)
    assert fitting_tile((480, 640)) == 1024
    assert fitting_tile((768, 1024)) == 256


def test_a_size_has_the_same_tiles_throughout_a_process(free, monkeypatch):
    """Though a first painting leaves less free memory: what ONNX Runtime keeps for the next."""
    free(500)
    assert fitting_tile((1024, 1024)) == 1024
    monkeypatch.setattr(memory.memory, "free_bytes", lambda: 150_000_000)
    assert fitting_tile((1024, 1024)) == 1024


def test_every_tile_could_have_been_asked_for():
    for tile in TILES:
        assert StylizeSettings(tile=tile).tile == tile
        assert tile >= 2 * tiles.overlap(SPEC)


def test_a_painting_is_cut_as_the_memory_allows(free, wave, render):
    photo = np.random.default_rng(1).random((330, 500, 3), np.float32)
    free(1)
    scarce = render(photo, wave)
    assert np.array_equal(scarce, render(photo, wave, tile=256))
    free(64_000)
    whole = render(photo, wave)
    assert np.array_equal(whole, render(photo, wave, tile=1024))
    assert not np.array_equal(whole, scarce)


def test_unusual_tiles_are_told(free, wave):
    photo = np.random.default_rng(1).random((48, 300, 3), np.float32)
    free(1)
    painting = impasto.stylize(photo, wave, device="cpu")
    assert painting.tile == 256
    [notice] = painting.notices
    assert "low memory: painted in tiles of 256 pixels instead of 1024" in notice
    job = {"strength": 0}, {"size": 200}, {"work_size": 200}, {"tile": 256}
    for options in job:
        assert impasto.stylize(photo, wave, device="cpu", **options).notices == ()
    [notice] = impasto.stylize(photo, regions=[(photo, wave)]).notices
    assert "tiles of 256 pixels" in notice
    free(64_000)
    assert impasto.stylize(photo, wave, device="cpu").notices == ()
