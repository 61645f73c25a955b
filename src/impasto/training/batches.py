"""The batches of the painter's training: what each step paints, and in which styles.

A batch depends only on the number of its step. So threads can make batches ahead of time, and a
resumed training sees the batches of an uninterrupted one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.training.augmentation import augment
from impasto.training.images import (
    PHOTO_ENLARGED,
    PHOTO_ZOOM,
    ImageFolder,
    Images,
    image_files,
    stacked,
)
from impasto.training.settings import PainterTraining
from impasto.training.styled import IDENTITY

ANY = "any picture"
"""Stands for the style of an artwork among the names of styles."""

ARTWORKS = 0.35
"""Fraction of the styles in all steps that are styles of artworks, if there are artworks."""

STYLE_PICTURES = 0.3
"""Fraction of the artworks that are pictures of the known styles. These are bolder than most works
that museums have digitised, and the predictor must not fail on what the painter paints best."""

ARTWORK_SIDE = 256
"""Side in pixels of the crops of artworks."""

ARTWORK_ZOOM = 1.25
"""Largest factor by which a crop of an artwork is scaled down."""


class Batch(NamedTuple):
    """What a step paints.

    Attributes:
        names: of the known styles.
        photo: (N, H, W, 3) uint8: `PainterTraining.batch` photos for each known style, then as many
            for each artwork, then the photos that are painted in their own style.
        artwork: (A, H, W, 3) uint8, from which the predictor takes styles.
        own: number of photos that are painted in their own style.
    """

    names: tuple[str, ...]
    photo: Tensor
    artwork: Tensor
    own: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all styles: known ones, `ANY` for each artwork, and `IDENTITY`."""
        own = (IDENTITY,) if self.own else ()
        return (*self.names, *[ANY] * len(self.artwork), *own)


class Batches:
    """Makes the batch of any step.

    If steps have one style each, it is a known style in most steps, that of an artwork in others,
    and the photos' own in some. If steps have several styles, `ARTWORKS` of them are styles of
    artworks, the others are known, and one more photo is painted in its own style.

    Args:
        training: the settings.
        names: of the known styles.
        trained: names of the styles that were trained before; see `Order`.

    Raises:
        InputError: a folder is missing or holds no images.
    """

    def __init__(self, training: PainterTraining, names: Sequence[str], trained: set[str]) -> None:
        self._training = training
        self._photos = [ImageFolder(folder) for folder in training.photos]
        self._artworks: list[Images] = [ImageFolder(folder) for folder in training.artworks]
        self._pictures = Images(image_files(training.styles))
        share = ARTWORKS if training.artworks else 0.0
        together, fresh, seed = training.together, training.fresh, training.schedule.seed
        self._of_artworks = round(share * together) if together > 1 else 0
        self._known = min(together - self._of_artworks, len(names))
        if together > 1:
            self._order = Order(names, trained, fresh, seed)
        else:
            self._order = Order([IDENTITY, *names], trained, fresh, seed, artworks=share)

    def make(self, step: int) -> Batch:
        """Choose the styles of a step, and cut its photos and artworks."""
        rng = np.random.default_rng((self._training.schedule.seed, step))
        names, artworks, own = self._styles(step)
        count = self._training.batch * (len(names) + artworks) + own
        size, photos = self._training.size, self._photos
        crops = [
            photos[k % len(photos)].crop(rng, size, zoom=PHOTO_ZOOM, enlarged=PHOTO_ENLARGED)
            for k in range(count)
        ]
        works = [self.artwork(step * artworks + k) for k in range(artworks)]
        none = torch.empty(0, ARTWORK_SIDE, ARTWORK_SIDE, 3, dtype=torch.uint8)
        return Batch(names, stacked(crops), stacked(works) if works else none, own)

    def artwork(self, number: int) -> NDArray[np.uint8]:
        """Cut and augment an artwork, (H, W, 3); the number decides which."""
        rng = np.random.default_rng((self._training.schedule.seed, 2, number))
        images = self._artworks[int(rng.integers(len(self._artworks)))]
        if rng.random() < STYLE_PICTURES:
            images = self._pictures
        return augment(images.crop(rng, ARTWORK_SIDE, zoom=ARTWORK_ZOOM), rng)

    def _styles(self, step: int) -> tuple[tuple[str, ...], int, int]:
        """Choose the styles of a step.

        Returns:
            The names of the known styles; the number of artworks; and the number of photos that are
            painted in their own style.
        """
        if self._training.together > 1:
            first = step * self._known
            names = tuple(self._order[first + k] for k in range(self._known))
            return names, self._of_artworks, 1
        name = self._order[step]
        if name == ANY:
            return (), 1, 0
        return ((), 0, self._training.batch) if name == IDENTITY else ((name,), 0, 0)


class Order:
    """The order in which styles are painted: in turns of all styles, each turn shuffled anew.

    Args:
        names: of the styles.
        trained: names of the styles that were trained before.
        fresh: how many times a turn has each other style, if any style was trained before.
        seed: of the shuffling.
        artworks: fraction of a turn that is `ANY`.
    """

    def __init__(
        self,
        names: Sequence[str],
        trained: set[str],
        fresh: int,
        seed: int,
        *,
        artworks: float = 0.0,
    ) -> None:
        counts = {name: fresh if trained and name not in trained else 1 for name in names}
        self._turn = [name for name, count in counts.items() for _ in range(count)]
        self._turn += [ANY] * round(len(self._turn) * artworks / (1 - artworks))
        self._seed = seed

    def __getitem__(self, place: int) -> str:
        turn, k = divmod(place, len(self._turn))
        order = np.random.default_rng((self._seed, 1, turn)).permutation(len(self._turn))
        return self._turn[int(order[k])]
