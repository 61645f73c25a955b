"""Models that paint in one pass: a network, its specification, and its inputs for a style.

A network may have any of these inputs, by name, and gets those that it has:

    image       (1, 3, H, W)  the photo or a tile of it, in [0, 1], sides multiples of the stride
    matrix      (3, 3)        recolouring x -> matrix x + offset, which gives the photo the style's
    offset      (3,)          mean colour and colour covariance
    embedding   (1, n)        the style vector
    colour_mean (1, 3)        the style's mean colour
    colour_root (1, 3, 3)     the symmetric square root of the style's colour covariance
    statistics  (1, 2, C)     means and variances of the normalised channels
    share       ()            1: normalise by `statistics`; 0: by those of the image itself

Its outputs are `painting`, (1, 3, H, W) in [0, 1], and the statistics that it measured, (1, 2, C).
"""

import math
import os
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, SettingError, WeightsError
from impasto.feedforward.session import Network
from impasto.image import masks
from impasto.image.colour import Gaussian, gaussian, optimal_transport_map, symmetric_power
from impasto.image.masks import Mask
from impasto.image.resize import fit_down, resize
from impasto.image.samples import FloatImage, ImageArray, to_float
from impasto.models import assets
from impasto.models.spec import ModelSpec
from impasto.painting import Statistics
from impasto.settings import Device
from impasto.styles.embedding import Style
from impasto.system.paths import display_path

STYLE_SIDE = 512
"""Largest long side in pixels at which the style of a picture is measured."""

_MOST_KEPT = 4
"""Sets of models, for different devices and numbers of threads, that stay loaded at a time."""

_SAMPLED_SIDE = 256
"""Colours are sampled on a grid of about this many pixels a side, which is enough for a mean."""

Inputs = Mapping[str, NDArray[np.float32]]


class FeedforwardModel:
    """A network that paints in one pass, and the networks that belong to it.

    Args:
        path: its ONNX file.
        device, threads: see `session.Network`.

    Attributes:
        spec: of the network.
        can_encode: whether it can take its style from any picture.

    Raises:
        InputError: the file is missing, or not a model that paints.
    """

    def __init__(self, path: Path, device: Device = "auto", threads: int | None = None) -> None:
        self.path = path
        self._device = device
        self._threads = threads
        self.spec = ModelSpec.read(path)
        if self.spec.kind != "painter":
            raise InputError(
                f"{display_path(path)}: a {self.spec.kind}, which does not paint; name a painter"
            )
        self.can_encode = bool(self.spec.style_encoder)
        self._belong_together = False

    @cached_property
    def _network(self) -> Network:
        return self._beside(self.path.name)

    @cached_property
    def _style_encoder(self) -> Network:
        return self._beside(self.spec.style_encoder)

    @cached_property
    def _content_statistics(self) -> Network | None:
        name = self.spec.content_statistics
        return self._beside(name) if name else None

    def _beside(self, name: str) -> Network:
        return Network(self.path.with_name(name), self._device, self._threads)

    def preload(self) -> None:
        """Start to load the network in a thread, so that it is ready when it is needed."""
        self._network.preload()

    def load(self) -> None:
        """Load all of its networks.

        Raises:
            DeviceError, WeightsError: as `session.Network.load`.
        """
        self._network.load()
        if self.can_encode:
            self._style_encoder.load()
        if self._content_statistics is not None:
            self._content_statistics.load()

    def encode(self, picture: ImageArray, visible: Mask | None = None) -> Style:
        """Encode the style of a picture, at a long side of at most `STYLE_SIDE` pixels.

        Args:
            picture: (H, W, 3).
            visible: (H, W), weights of the pixels for the colours; None for equal weights. Features
                are those of the rectangle around the visible part, in which hidden pixels must be
                filled, as `image.files.load` does.

        Raises:
            InputError: the model has no style encoder.
            DeviceError, WeightsError: as `session.Network`.
        """
        if not self.can_encode:
            raise InputError(
                f"{display_path(self.path)}: cannot take styles from pictures; name one of its own"
            )
        if visible is not None:
            picture, visible = masks.crop(picture, visible), to_float(masks.crop(visible, visible))
        height, width = picture.shape[:2]
        # Resized to whole strides, not padded: padding would change the statistics.
        columns, rows = map(self._to_stride, fit_down((width, height), STYLE_SIDE))
        fits = (height, width) == (rows, columns)
        reduced = to_float(picture) if fits else resize(picture, (columns, rows))
        image = np.ascontiguousarray(reduced.transpose(2, 0, 1)[None])
        [[vector]] = self._style_encoder({"image": image})
        covered = None if visible is None else masks.resize(visible, (columns, rows))
        return _style(self.spec.style_space, vector, gaussian(reduced, covered))

    def photo_style(self, photo: ImageArray, visible: Mask | None = None) -> Style | None:
        """Find the style that leaves the photo as it is; None if the model has none.

        Args:
            photo: (H, W, 3).
            visible: (H, W), weights of the pixels for the colours; None for equal weights.
        """
        if (vector := self.spec.photo_style()) is not None:
            return _style(self.spec.style_space, vector, sampled_gaussian(photo, visible))
        return self.encode(photo, visible) if self.can_encode else None

    def styled(
        self,
        photo: ImageArray,
        style: Style,
        visible: Mask | None = None,
        *,
        in_tiles: bool = False,
        release_memory: bool = False,
    ) -> "StyledModel":
        """Prepare to paint a photo, or its tiles, in a style.

        Args:
            photo: (H, W, 3), the whole photo, whose colours decide the recolouring.
            style: with a vector of this model's style space.
            visible: (H, W), weights of the pixels for the photo's colours; None for equal weights.
            in_tiles: whether tiles will be painted, by the statistics of the whole photo.
            release_memory: see `session.Network`.

        Raises:
            InputError: the style is of another model.
        """
        vector = style.vectors.get(self.spec.style_space)
        if vector is None or vector.shape != (self.spec.style_size,):
            raise _of_another_model(style)
        matrix, offset = recolouring(photo, style, visible)
        root = symmetric_power(style.colour_covariance.astype(np.float64), 0.5)
        inputs = {
            "matrix": matrix,
            "offset": offset,
            "embedding": vector[None],
            "colour_mean": style.colour_mean[None],
            "colour_root": root[None].astype(np.float32),
        }
        return self._with_inputs(inputs, in_tiles, release_memory)

    def restyled(
        self, statistics: Statistics, *, in_tiles: bool = False, release_memory: bool = False
    ) -> "StyledModel":
        """Prepare to paint as another photo was painted.

        Raises:
            SettingError: that photo was painted by another model.
        """
        if statistics.model != self.spec.fingerprint:
            raise SettingError("the statistics belong to another model; paint without them")
        return self._with_inputs(statistics.inputs, in_tiles, release_memory)

    def _with_inputs(self, inputs: Inputs, in_tiles: bool, release_memory: bool) -> "StyledModel":
        if in_tiles:
            self._check_content_statistics()
        content_statistics = self._content_statistics if in_tiles else None
        return StyledModel(
            self.spec, self._network, content_statistics, inputs, release_memory=release_memory
        )

    def _check_content_statistics(self) -> None:
        """Check that the network that measures features belongs to the one that paints.

        Raises:
            WeightsError: it does not.
        """
        network = self._content_statistics
        if network is None or self._belong_together:
            return
        try:
            fingerprint = ModelSpec.read(network.path).fingerprint
        except InputError as problem:
            raise WeightsError(str(problem)) from problem
        if fingerprint != self.spec.fingerprint:
            raise WeightsError(
                f"{display_path(network.path)}: not exported together with {self.path.name}; "
                "replace both"
            )
        self._belong_together = True

    def _to_stride(self, side: int) -> int:
        stride = self.spec.stride
        return max(self.spec.min_side, round(side / stride) * stride)


class StyledModel:
    """A model with the inputs for one style and one photo's colours.

    Args:
        spec: of the model.
        network: paints.
        content_statistics: measures the features of tiles, if there is one.
        inputs: of the style, by name.
        release_memory: see `session.Network`.
    """

    def __init__(
        self,
        spec: ModelSpec,
        network: Network,
        content_statistics: Network | None,
        inputs: Inputs,
        *,
        release_memory: bool,
    ) -> None:
        self.spec = spec
        self.inputs = inputs
        self._network = network
        self._content_statistics = content_statistics
        self._release_memory = release_memory

    def paint(
        self, photo: ImageArray, statistics: FloatImage | None = None
    ) -> tuple[FloatImage, FloatImage]:
        """Paint a photo or a tile.

        Args:
            photo: (H, W, 3), with sides of at least `ModelSpec.min_side`.
            statistics: (2, C), by which to normalise instead of the photo's own.

        Returns:
            (3, H, W) in [0, 1], and its statistics, (2, C): means and variances.

        Raises:
            InputError: the style is invalid.
            DeviceError, WeightsError: as `session.Network`.
        """
        share = 0 if statistics is None else 1
        if statistics is None:
            statistics = np.zeros((2, self.spec.channels), np.float32)
        shared = {"statistics": statistics[None], "share": np.asarray(share, np.float32)}
        painted, measured = self._run(self._network, photo, shared)
        if not math.isfinite(measured.sum()):
            raise InputError("this style is invalid; make it again from its picture")
        height, width = photo.shape[:2]
        return painted[0, :, :height, :width], measured[0]

    def content_statistics(self, photo: ImageArray) -> FloatImage | None:
        """Measure the photo's features, the first of the statistics that `paint` returns.

        Returns:
            (2, at most C), or None if the model cannot measure them without painting.
        """
        if self._content_statistics is None:
            return None
        [measured] = self._run(self._content_statistics, photo, {})
        return np.asarray(measured[0])

    def _run(self, network: Network, photo: ImageArray, more: Inputs) -> list[FloatImage]:
        inputs = {"image": self._planes(photo)[None], **self.inputs, **more}
        return network(inputs, release_memory=self._release_memory)

    def _planes(self, photo: ImageArray) -> FloatImage:
        """Convert (H, W, 3) to (3, H, W), padded by reflection to whole strides."""
        height, width = photo.shape[:2]
        below, right = -height % self.spec.stride, -width % self.spec.stride
        planes = to_float(np.ascontiguousarray(photo.transpose(2, 0, 1)))
        if not (below or right):
            return planes
        return np.pad(planes, ((0, 0), (0, below), (0, right)), mode="reflect")


@lru_cache(maxsize=_MOST_KEPT)
def shipped(device: Device, threads: int | None = None) -> tuple[FeedforwardModel, ...]:
    """Open the models that ship with impasto, in order of preference, once in a process.

    Raises:
        WeightsError: a model is missing or damaged.
    """
    try:
        models = [FeedforwardModel(path, device, threads) for path in assets.painters()]
        return tuple(models)
    except InputError as problem:
        raise WeightsError(f"{problem}; install impasto again") from problem


def open_models(
    model: "str | os.PathLike[str] | FeedforwardModel | None",
    device: Device,
    threads: int | None = None,
) -> tuple[FeedforwardModel, ...]:
    """Open the models to paint with: the user's own, or those that ship with impasto.

    Raises:
        InputError: the user's file is missing, or not a model that paints.
        WeightsError: the networks that ship with impasto are missing.
    """
    if model is None:
        return shipped(device, threads)
    if isinstance(model, FeedforwardModel):
        return (model,)
    return (FeedforwardModel(Path(model), device, threads),)


class ModelStyle(NamedTuple):
    """A style and the model that paints it."""

    model: FeedforwardModel
    style: Style


def choose(models: Sequence[FeedforwardModel], style: Style) -> ModelStyle:
    """Choose the first model that can read the style.

    Raises:
        InputError: no model can.
    """
    for model in models:
        if model.spec.style_space in style.vectors:
            return ModelStyle(model, style)
    raise _of_another_model(style)


def encode(
    models: Sequence[FeedforwardModel], picture: ImageArray, visible: Mask | None = None
) -> Style:
    """Encode the style of a picture for every model that can take styles from pictures.

    Args:
        picture: (H, W, 3).
        visible: as for `FeedforwardModel.encode`.

    Raises:
        InputError: no model can.
        DeviceError, WeightsError: as `session.Network`.
    """
    styles = [model.encode(picture, visible) for model in models if model.can_encode]
    if not styles:
        styles = [models[0].encode(picture)]  # raises the error
    vectors = {space: vector for style in styles for space, vector in style.vectors.items()}
    return Style(vectors, styles[0].colour_mean, styles[0].colour_covariance)


def recolouring(
    photo: ImageArray, style: Style, visible: Mask | None = None
) -> tuple[FloatImage, FloatImage]:
    """Compute the map x -> A x + b that gives the photo the style's mean and covariance of colours.

    The networks were trained with `training.painting_losses.recoloured`, which does the same for
    every pixel of the photo.

    Args:
        photo: (H, W, 3).
        visible: (H, W), weights of the pixels; None for equal weights.

    Returns:
        A (3, 3) and b (3,).
    """
    target = Gaussian(style.colour_mean.astype(float), style.colour_covariance.astype(float))
    matrix, offset = optimal_transport_map(sampled_gaussian(photo, visible), target)
    return matrix.astype(np.float32), offset.astype(np.float32)


def sampled_gaussian(photo: ImageArray, visible: Mask | None = None) -> Gaussian:
    """Measure the colours of a photo (H, W, 3) on a grid of its pixels."""
    stride = max(1, min(photo.shape[:2]) // _SAMPLED_SIDE)
    covered = None if visible is None else visible[::stride, ::stride]
    return gaussian(to_float(photo[::stride, ::stride]), covered)


def _of_another_model(style: Style) -> InputError:
    return InputError(
        f"the style {style.title or 'given'!r} belongs to another model or version of impasto; "
        "make it again from its picture"
    )


def _style(space: str, vector: FloatImage, colours: Gaussian) -> Style:
    mean, covariance = (moment.astype(np.float32) for moment in colours)
    return Style({space: vector}, mean, covariance)
