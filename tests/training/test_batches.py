"""What each step paints: it depends on the step alone, and no style is forgotten."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.errors import InputError
from impasto.training import batches as module
from impasto.training.batches import ANY, ARTWORK_SIDE, STYLE_PICTURES, Batches, Order
from impasto.training.settings import PainterTraining
from impasto.training.styled import IDENTITY

NAMES = ["dots", "stripes"]


def test_a_step_of_one_style_has_a_known_one_or_an_artwork_s_or_the_photos_own(
    training: PainterTraining, folder: Path
) -> None:
    batches = Batches(replace(training, artworks=[folder]), NAMES, set())
    drawn = [batches.make(step) for step in range(10)]  # two turns
    counts = Counter(batch.labels for batch in drawn)
    assert counts == {("dots",): 2, ("stripes",): 2, (IDENTITY,): 2, (ANY,): 4}
    for batch in drawn:
        assert batch.photo.shape == (training.batch, training.size, training.size, 3)
        assert batch.photo.dtype == batch.artwork.dtype == torch.uint8
        artworks = 1 if batch.labels == (ANY,) else 0
        assert batch.artwork.shape == (artworks, ARTWORK_SIDE, ARTWORK_SIDE, 3)
        assert batch.own == (training.batch if batch.labels == (IDENTITY,) else 0)


def test_a_step_of_several_styles_has_known_ones_artworks_and_the_photo_s_own(
    training: PainterTraining, folder: Path
) -> None:
    several = replace(training, together=3, artworks=[folder])
    batch = Batches(several, NAMES, set()).make(0)
    assert sorted(batch.names) == NAMES
    assert len(batch.artwork) == 1
    assert len(batch.photo) == 3 * training.batch + 1, "the last in its own style"
    assert batch.own == 1
    assert batch.labels == (*batch.names, ANY, IDENTITY)


def test_without_artworks_all_styles_of_a_step_are_known(training: PainterTraining) -> None:
    batches = Batches(replace(training, together=2), ["a", "b", "c", "d"], set())
    first, second = batches.make(0), batches.make(1)
    assert sorted(first.names + second.names) == ["a", "b", "c", "d"], "one turn in two steps"
    assert len(first.artwork) == 0
    few = Batches(replace(training, together=8), NAMES, set()).make(0)
    assert sorted(few.names) == NAMES, "no more than there are"


def test_a_batch_depends_on_its_step_alone(training: PainterTraining, folder: Path) -> None:
    several = replace(training, together=3, artworks=[folder])
    batches, resumed = (Batches(several, NAMES, set()) for _ in range(2))
    before = [batches.make(step) for step in range(3)]
    for step in (2, 0, 1):
        again = resumed.make(step)
        assert again.names == before[step].names
        assert torch.equal(again.photo, before[step].photo)
        assert torch.equal(again.artwork, before[step].artwork)
    other = Batches(replace(several, schedule=replace(several.schedule, seed=1)), NAMES, set())
    for one, two in [(before[0], before[1]), (before[0], other.make(0))]:
        assert not torch.equal(one.photo, two.photo)
        assert not torch.equal(one.artwork, two.artwork)


def test_photos_come_from_all_folders_in_turns(training: PainterTraining, tmp_path: Path) -> None:
    folders = []
    for shade in (10, 200):
        folders.append(tmp_path / str(shade))
        folders[-1].mkdir()
        Image.new("L", (64, 64), shade).save(folders[-1] / "000.png")
    batch = Batches(replace(training, photos=folders, batch=4), NAMES, set()).make(0)
    assert batch.photo.float().mean((1, 2, 3)).tolist() == [10, 200, 10, 200]


def test_some_of_the_artworks_are_pictures_of_the_known_styles(
    training: PainterTraining, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "augment", lambda artwork, rng: artwork)
    artworks, styles = tmp_path / "black", tmp_path / "white"
    for pictures in (artworks, styles):
        pictures.mkdir()
        Image.new("RGB", (64, 64), pictures.name).save(pictures / "000.png")
    batches = Batches(replace(training, artworks=[artworks], styles=styles), ["000"], set())
    white = np.mean([batches.artwork(number).min() == 255 for number in range(300)])
    assert white == pytest.approx(STYLE_PICTURES, abs=0.08)  # three standard deviations


def test_a_folder_without_pictures_is_refused(training: PainterTraining, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for other in ({"photos": [tmp_path / "empty"]}, {"artworks": [tmp_path / "empty"]}):
        with pytest.raises(InputError, match="empty: holds no image to train on"):
            Batches(replace(training, **other), NAMES, set())


def test_styles_are_drawn_in_turns_and_new_ones_more_often() -> None:
    order = Order(["a", "b", "new"], {"a", "b"}, fresh=2, seed=0)
    turns = [sorted(order[4 * turn + k] for k in range(4)) for turn in range(3)]
    assert turns == [["a", "b", "new", "new"]] * 3
    assert len({tuple(order[4 * turn + k] for k in range(4)) for turn in range(9)}) > 1


def test_in_a_training_from_random_weights_no_style_is_new() -> None:
    order = Order(["a", "b"], set(), fresh=2, seed=0)
    assert sorted(order[k] for k in range(2)) == ["a", "b"]


def test_a_share_of_the_steps_is_of_artworks() -> None:
    order = Order([str(k) for k in range(13)], set(), fresh=1, seed=0, artworks=0.35)
    assert [order[step] for step in range(200)].count(ANY) == 70
