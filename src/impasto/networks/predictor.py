"""The predictor: from any picture to a style vector for the painter, in one pass.

Ghiasi et al. 2017, "Exploring the structure of a real-time, arbitrary neural artistic stylization
network", arXiv 1705.06830, with one difference: the vector is a mixture of vectors that are known
to paint well, plus a correction. A mixture of good vectors paints well from the first step on,
where a vector regressed from scratch needs tens of thousands of pictures.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.blocks import Standardize
from impasto.networks.vgg import VGG

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
"""Layers of the predictor's encoder whose statistics describe the style."""

WIDTHS = (16, 32, 64, 128, 128)
"""Channels of the five stages of this encoder, which is a VGG-19 with a quarter of its channels."""

STATISTICS = 2 * sum(WIDTHS[: len(LAYERS)])
"""Number of statistics of a picture: a mean and a deviation for each channel."""

THUMBNAIL = 16
"""Side in pixels of the thumbnails by which known works are recognised."""

BORDER = 2
"""Cells along each side of a thumbnail that its inner part leaves out."""

RECOGNISED, UNKNOWN = 0.80, 0.75
"""Correlations of a picture's thumbnail with the most similar known one. From the first on, it is
the same work in another scan or size; up to the second, it is another work. 60 other scans of known
works were at 0.81 to 1, 2,880 other artworks at 0.74 at most. A work is missed if its picture is
cropped by a twentieth, or has margins as wide."""

HIDDEN = 512
"""Units between the statistics of a picture and the correction of its vector."""

SOFTNESS = 60.0
"""How far known styles may be, in squared deviations of statistics, to be mixed at the start."""


class Predictor(nn.Module):
    """Pictures (N, 3, H, W) in [0, 1], sides multiples of 8, to style vectors (N, VECTOR).

    Args:
        known: (K, VECTOR), vectors to mix; they are stored with the weights.
    """

    known: Tensor
    thumbnails: Tensor

    def __init__(self, known: Tensor) -> None:
        super().__init__()
        # Named for what it once was, and with layers up to relu5_1, of which only LAYERS are used:
        # files of weights have them.
        encoder = VGG(19, first_padding="replicate", widths=WIDTHS, last="relu5_1")
        self.compact = encoder.requires_grad_(False)
        self.standardise = Standardize(STATISTICS)
        self.choice = nn.Linear(STATISTICS, len(known))
        self.hidden = nn.Linear(STATISTICS, HIDDEN)
        self.correction = nn.Linear(HIDDEN, known.shape[1])
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)
        self.register_buffer("known", known.clone())
        # Unlike every picture until `calibrate` is called.
        self.register_buffer("thumbnails", torch.zeros(len(known), 3, THUMBNAIL, THUMBNAIL))

    def forward(self, image: Tensor) -> Tensor:
        """Predict the style vectors of pictures; a known work gets its own vector."""
        statistics = self.statistics(image)
        mixture, correction = self.predict(statistics)
        return self.recognise(image, mixture + correction)

    def recognise(self, image: Tensor, predicted: Tensor) -> Tensor:
        """Replace predicted vectors by learned ones where pictures show known works."""
        alike, nearest = correlations(thumbnail(image), self.thumbnails).max(1, keepdim=True)
        share = ((alike - UNKNOWN) / (RECOGNISED - UNKNOWN)).clamp(0, 1)
        return torch.lerp(predicted, self.known[nearest[:, 0]], share)

    @property
    def is_calibrated(self) -> bool:
        """Whether `calibrate` was called, or weights were loaded."""
        return bool(self.choice.bias.any() and self.standardise.mean.any())

    @torch.no_grad()
    def calibrate(self, pictures: Tensor, known: Tensor) -> None:
        """Measure what is usual, and begin by choosing the known style with the nearest statistics.

        Args:
            pictures: (N, STATISTICS), statistics of many pictures.
            known: (K, STATISTICS), of the pictures of the known styles.
        """
        self.standardise.mean.copy_(pictures.mean(0))
        self.standardise.variance.copy_(pictures.var(0))
        anchors = self.standardise(known)
        # -|x - a|^2 less what all have in common is linear in x.
        self.choice.weight.copy_(2 * anchors / SOFTNESS)
        self.choice.bias.copy_(-anchors.square().sum(1) / SOFTNESS)

    def statistics(self, picture: Tensor) -> Tensor:
        """Means and log deviations of the encoder's features, (N, STATISTICS)."""
        parts = []
        for features in self.compact(picture, LAYERS).values():
            variance, mean = torch.var_mean(features.float(), dim=(2, 3), correction=0)
            parts += [mean, ((variance + 1e-6).sqrt() + 1e-3).log()]
        return torch.cat(parts, 1)

    def predict(self, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """Compute mixtures of known vectors, and corrections, for pictures by statistics."""
        standard = self.standardise(statistics)
        mixture = torch.softmax(self.choice(standard), 1) @ self.known
        return mixture, self.correction(F.relu(self.hidden(standard)))


def thumbnail(image: Tensor) -> Tensor:
    """Average pictures (N, 3, H, W) over a grid of cells, (N, 3, THUMBNAIL, THUMBNAIL)."""
    rows, columns = _cells(image.shape[2]), _cells(image.shape[3])
    return rows.to(image) @ image @ columns.to(image).T


def _cells(side: int) -> Tensor:
    """Build the weights (THUMBNAIL, side) that average positions over cells.

    As in adaptive average pooling, cells overlap where the side is no multiple of their number.
    """
    cell, position = torch.arange(THUMBNAIL)[:, None], torch.arange(side)
    begins, ends = cell * side // THUMBNAIL, ((cell + 1) * side + THUMBNAIL - 1) // THUMBNAIL
    inside = ((position >= begins) & (position < ends)).float()
    return inside / inside.sum(1, keepdim=True)


def correlations(one: Tensor, other: Tensor) -> Tensor:
    """Correlate thumbnails (N, 3, T, T) with others (K, 3, T, T): (N, K) in [-1, 1].

    It is the lower of the correlations of the whole and of the inner part: a white margin, which
    many scans have, is alike in all.
    """
    found = []
    for border in (0, BORDER):
        inner = slice(border, THUMBNAIL - border)
        parts = (x[..., inner, inner] for x in (one, other))
        centred = (x - x.mean((2, 3), keepdim=True) for x in parts)
        unit, units = (F.normalize(x.flatten(1)) for x in centred)
        found.append(unit @ units.T)
    return torch.minimum(*found)
