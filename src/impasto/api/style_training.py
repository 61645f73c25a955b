"""`train_style`: learn a style vector from a picture in minutes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from impasto.api.sources import Source
from impasto.errors import InputError, SettingError
from impasto.image import files, hidden
from impasto.models import assets
from impasto.styles.embedding import Style
from impasto.system.extras import require
from impasto.system.paths import display_path

LONGEST = 24 * 60.0
"""Largest number of minutes; more is most likely a mistaken unit."""


@dataclass(frozen=True, eq=False)
class StyleStep:
    """The state of the training of a style.

    Attributes:
        step: updates so far; 0 for what it starts from.
        progress: the fraction of the time that has passed, from 0 to 1.
        losses: unweighted, averages of recent steps; empty at step 0.
        style: as learned so far.
    """

    step: int
    progress: float
    losses: Mapping[str, float] = field(repr=False)
    style: Style = field(repr=False)


def train_style(
    picture: Source,
    *,
    minutes: float = 5.0,
    photos: str | Path | None = None,
    content: float = 1.0,
    seed: int = 0,
    device: str | None = None,
) -> Style:
    """Learn the style of a picture in minutes, with better strokes than `load_style` predicts.

        style = impasto.train_style("painting.jpg", minutes=3)
        impasto.save_style(style, "painting.npz")
        impasto.stylize("photo.jpg", style).save("result.png")

    The painter does not change. Training starts from the predicted vector, or from a built-in style
    that matches better. It needs PyTorch: `pip install "impasto[torch]"`.

    Args:
        picture: a file, a Pillow image or an array.
        minutes: how long to train: 3 to 10 on a CPU, less on a GPU.
        photos: a folder of photos to train on; by default some that ship with impasto.
        content: factor of the weight of the photo's content: less is bolder.
        seed: of the order of photos.
        device: "cpu", "mps", "cuda" or "cuda:1"; None for the fastest.

    Raises:
        InputError: the picture or the folder cannot be used.
        SettingError: a setting is out of bounds.
        DeviceError: the device is absent.
        MissingExtraError: PyTorch is not installed.
    """
    *_, last = train_style_steps(
        picture, minutes=minutes, photos=photos, content=content, seed=seed, device=device
    )
    return last.style


def train_style_steps(
    picture: Source,
    *,
    minutes: float = 5.0,
    photos: str | Path | None = None,
    content: float = 1.0,
    seed: int = 0,
    device: str | None = None,
) -> Iterator[StyleStep]:
    """Learn as `train_style`, and yield the state after every step.

    You may stop at any step and keep the latest style.
    """
    require("training", "torch", "torch", "safetensors", "onnx")
    for name, value, most in (("minutes", minutes, LONGEST), ("content", content, 100.0)):
        if not 0 < value <= most:
            raise SettingError(f"{name} is {value:g}; it must be above 0 and at most {most:g}")
    loaded = files.load(picture)
    training, space = _training(loaded.samples, minutes, photos, content, seed, device)
    from impasto.feedforward.model import sampled_gaussian
    from impasto.training.style import train_style as steps

    colours = sampled_gaussian(loaded.samples, hidden.visible(loaded.alpha))
    style = Style(
        {space: training.known[0]},
        colours.mean.astype(np.float32),
        colours.covariance.astype(np.float32),
        notices=loaded.notices,
    )
    for step in steps(training):
        learned = replace(style, vectors={space: step.vector})
        yield StyleStep(step.step, step.progress, step.losses, learned)


def _training(
    samples: Any,
    minutes: float,
    photos: str | Path | None,
    content: float,
    seed: int,
    device: str | None,
) -> tuple[Any, str]:
    """Prepare the training, and return it with the style space of its vectors."""
    from PIL import Image

    from impasto.feedforward import model as feedforward
    from impasto.image.samples import to_bytes
    from impasto.models.spec import ModelSpec
    from impasto.networks import device as devices
    from impasto.styles.library import shipped
    from impasto.training.images import Images, image_files
    from impasto.training.steps import load_teacher
    from impasto.training.style import StyleTraining
    from impasto.training.weights import reopen

    folder = Path(photos) if photos is not None else assets.FOLDER / "photos"
    photo_files = image_files(folder)
    if not photo_files:
        raise InputError(f"{display_path(folder)}: holds no photos; add JPEG, PNG or WebP files")
    [painter, *_] = assets.painters()
    space = ModelSpec.read(painter).style_space
    where = devices.choose(device)
    precision = devices.training_precision(where)
    predicted = feedforward.encode(feedforward.shipped("cpu"), samples)
    candidates = [predicted, *shipped().values()]
    training = StyleTraining(
        picture=Image.fromarray(to_bytes(samples)),
        photos=Images(photo_files),
        painter=reopen(painter),
        teacher=load_teacher(None, precision).to(where),
        known=[style.vectors[space] for style in candidates],
        seconds=60 * minutes,
        content=content,
        seed=seed,
        device=str(where),
        precision=precision,
    )
    return training, space
