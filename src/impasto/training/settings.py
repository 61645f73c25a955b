"""The settings of the painter's training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from impasto.training.loop import Schedule
from impasto.training.painting_losses import Weights


@dataclass(frozen=True)
class PainterTraining:
    """The settings of the training of the painter, of its styles and of the predictor.

    Attributes:
        photos: folders of photos to paint.
        styles: a folder with a picture for each style, which is named by the picture's stem; see
            `targets.read_styles`.
        out: folder of the checkpoint, the log, the preview and the weights.
        schedule: length and learning rate of the training.
        artworks: folders of pictures from which the predictor learns to predict styles; without
            any, no predictor is trained.
        teacher: a file with the weights of VGG-16; by default those that ship with impasto.
        table: settings of the styles; by default `styles.tsv` in the folder of their pictures, if
            there is one.
        start: weights to continue from. A style whose name they do not have begins at the mean of
            their vectors. By default the weights are random.
        fresh: how many times as often such a new style is drawn as one that `start` has.
        size: side of the crops of photos in pixels, a multiple of 16.
        batch: number of photos that a step paints in each of its styles.
        together: number of styles in a step; see `batches.Batches`.
        device: that PyTorch computes on.
        precision: of the networks; statistics and losses are always float32.
        preview_every: number of steps between previews.
        weights: of the losses.
    """

    photos: Sequence[Path]
    styles: Path
    out: Path
    schedule: Schedule
    artworks: Sequence[Path] = ()
    teacher: Path | None = None
    table: Path | None = None
    start: Path | None = None
    fresh: int = 2
    size: int = 192
    batch: int = 3
    together: int = 1
    device: str = "cpu"
    precision: torch.dtype = torch.float32
    preview_every: int = 500
    weights: Weights = field(default_factory=Weights)
