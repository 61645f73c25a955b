"""The painter: one network, and a vector for each style that it paints in.

Its input is a photo with the style's mean colour and colour covariance. The style's vector has
scales and shifts of normalized features (conditional instance normalization: Dumoulin et al. 2017,
"A Learned Representation for Artistic Style", arXiv 1610.07629) and a code that changes the weights
of the layers that combine features and convert them to colours (Ha et al. 2017, "HyperNetworks",
arXiv 1609.09106).

Nothing finer than a quarter of the photo's size passes from the photo to the painting. With finer
paths a network keeps the photo and adds grain; without them it has to paint.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.blocks import (
    CODE_SIZE,
    ConditionalResidualBlock,
    Padding,
    StyleConditionedConv2d,
    conv,
)
from impasto.networks.moments import (
    ModulatedInstanceNorm,
    Modulation,
    StatsSource,
    instance_stats,
)

STRIDE = 8
"""Sides of a photo must be multiples of this."""

MARGIN = 16
"""Pixels by which a photo is extended by reflection first and cropped at the end: convolutions
detect padding and would paint it."""

STEM = 2
"""Further pixels that the first convolution consumes."""

WIDTHS = (128, 48, 16)
"""Channels of the residual blocks at 1/8, 1/4 and 1/2 of the photo's size."""

BLOCKS = (4, 2, 1)
"""Numbers of residual blocks at these sizes."""

PADDINGS: tuple[Padding, ...] = ("replicate", "zeros", "zeros")
"""Their padding. At 1/8 the effect of zeros would reach beyond the margin."""

PHOTO_WIDTHS = (64, 128)
"""Channels of the photo's features at 1/4 and 1/8."""

MODULATED_CHANNELS = (
    *(w for w, n in zip(WIDTHS, BLOCKS, strict=True) for _ in range(n)),
    *PHOTO_WIDTHS,
)
"""Channels of the normalized and modulated maps: the blocks, then the photo's features."""

VECTOR = 2 * sum(MODULATED_CHANNELS) + CODE_SIZE + 1
"""Length of a style vector: scales and shifts, a code, and the share of the photo's hues."""

BINOMIAL = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
"""The smallest filter that removes patterns with a period of two pixels."""

INPUT_SCALE = 4.0
"""Factor between the values of a photo and those that the first convolution sees."""


class Palette(NamedTuple):
    """The Gaussian of a style's colours.

    Attributes:
        mean: (N, 3), RGB in [0, 1].
        root: (N, 3, 3), the symmetric square root of the covariance.
    """

    mean: Tensor
    root: Tensor


class StyleVector(NamedTuple):
    """The parts of a style vector, see `MODULATED_CHANNELS`.

    Attributes:
        modulations: one for each normalized map, in the order of `MODULATED_CHANNELS`.
        code: (N, CODE_SIZE) in [-1, 1].
        hues: (N, 1, 1, 1) in [0, 1], how much of the photo's hues is added.
    """

    modulations: list[Modulation]
    code: Tensor
    hues: Tensor


class Painter(nn.Module):
    """Paints recoloured photos, (N, 3, H, W) in [0, 1], by style vectors (N, VECTOR)."""

    smooth: Tensor

    def __init__(self) -> None:
        super().__init__()
        eighth, quarter, half = WIDTHS
        photo_quarter, photo_eighth = PHOTO_WIDTHS
        # No padding: the effect of zeros would reach 64 pixels deep, see `with_margin`.
        self.stem = nn.Conv2d(3, 16, 6, stride=2)
        self.down1 = conv(16, 32, stride=2)
        self.mid1 = conv(32, 32)
        self.out1 = conv(32, photo_quarter)
        self.down2 = conv(photo_quarter, 64, stride=2)
        self.out2 = conv(64, photo_eighth)
        self.norm_quarter = ModulatedInstanceNorm(photo_quarter)
        self.norm_eighth = ModulatedInstanceNorm(photo_eighth)
        plan = zip(WIDTHS, PADDINGS, BLOCKS, strict=True)
        self.blocks = nn.ModuleList(
            ConditionalResidualBlock(w, p) for w, p, n in plan for _ in range(n)
        )
        self.up1 = StyleConditionedConv2d(eighth, quarter)
        self.join = StyleConditionedConv2d(photo_quarter, quarter)
        self.up2 = StyleConditionedConv2d(quarter, half)
        self.head = StyleConditionedConv2d(half, 12, 3)
        # The binomial filter prevents checkerboard artefacts.
        self.register_buffer("smooth", filter_in_depth(BINOMIAL, 3), persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for block in self.blocks:
            nn.init.normal_(block.second.weight, std=0.01)  # type: ignore[union-attr,arg-type]

    def forward(
        self, photo: Tensor, vector: Tensor, palette: Palette, norm: StatsSource = instance_stats
    ) -> Tensor:
        """Paint, (N, 3, H, W), without clipping to [0, 1].

        Args:
            photo: (N, 3, H, W) in the style's colours, with sides that are multiples of `STRIDE`.
            vector: (N, VECTOR), or (1, VECTOR) for all photos.
            palette: of the styles, likewise.
            norm: statistics by which to normalize; tiles of a picture share them.
        """
        return self.paint(INPUT_SCALE * (photo - 0.5), vector, palette, norm)

    def paint(self, centred: Tensor, vector: Tensor, palette: Palette, norm: StatsSource) -> Tensor:
        """Paint as `forward`, but from INPUT_SCALE * (photo - 0.5)."""
        style = split(vector)
        wide = with_margin(centred)
        # The network's colours are whitened. Its last weights dye them, not each pixel.
        painted = self.shapes(wide, style, palette.root, norm)
        painted = painted + ground(wide, palette.mean[..., None, None], style.hues)
        return depth_to_space(F.conv2d(painted, self.smooth, padding=1), MARGIN)

    def shapes(self, wide: Tensor, style: StyleVector, root: Tensor, norm: StatsSource) -> Tensor:
        """Compute the painting without its ground, (N, 12, H / 2, W / 2)."""
        first, second = BLOCKS[0], BLOCKS[0] + BLOCKS[1]
        steps = list(zip(self.blocks, style.modulations, strict=False))
        by_quarter, by_eighth = style.modulations[-2:]
        quarter, eighth = self.features(wide)
        quarter = self.norm_quarter(quarter, by_quarter, norm)
        x = self.norm_eighth(eighth, by_eighth, norm)  # (N, 128, H/8, W/8)
        for block, modulation in steps[:first]:
            x = block(x, modulation, norm)
        x = F.relu(_double(self.up1(x, style.code)) + self.join(quarter, style.code))
        for block, modulation in steps[first:second]:  # (N, 48, H/4, W/4)
            x = block(x, modulation, norm)
        x = F.relu(_double(self.up2(x, style.code)))
        for block, modulation in steps[second:]:  # (N, 16, H/2, W/2)
            x = block(x, modulation, norm)
        colours: Tensor = self.head(x, style.code, in_depth(root))
        return colours.float()

    def features(self, wide: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the photo's features at 1/4 and 1/8 of its size, not yet normalized."""
        half = F.relu(self.stem(wide))
        quarter = F.relu(self.out1(F.relu(self.mid1(F.relu(self.down1(half))))))
        return quarter, F.relu(self.out2(F.relu(self.down2(quarter))))


def with_margin(photo: Tensor) -> Tensor:
    """Extend a photo by `MARGIN` + `STEM` pixels of its reflection on all sides."""
    return F.pad(photo, (MARGIN + STEM,) * 4, mode="reflect")


def split(vector: Tensor) -> StyleVector:
    """Split style vectors (N, VECTOR) into their parts."""
    sizes = [2 * width for width in MODULATED_CHANNELS]
    *pieces, code, hue = torch.split(vector.float(), [*sizes, CODE_SIZE, 1], 1)
    halves = (piece[..., None, None].chunk(2, 1) for piece in pieces)
    modulations = [Modulation(1 + scale, shift) for scale, shift in halves]
    return StyleVector(modulations, torch.tanh(code), torch.sigmoid(hue)[..., None, None])


def ground(wide: Tensor, mean: Tensor, share: Tensor) -> Tensor:
    """Compute the mean colour of a style, with the hues of a photo over about 24 pixels.

    The palette alone gives a painting the two main colours of its style; the hues add others. They
    are the photo's colours without their lightness.

    Args:
        wide: the centred photo with its margin, see `Painter.paint` and `with_margin`.
        mean: (N, 3, 1, 1), the mean colour.
        share: (N, 1, 1, 1), how much of the hues is added.

    Returns:
        (N, 12, H / 2, W / 2) with the margin, the three colours for each of four pixels. They are
        the same for all four; the filter of `Painter.smooth` interpolates.
    """
    half = F.pad(F.avg_pool2d(wide.float(), 2), (-STEM // 2,) * 4)
    coarse = F.avg_pool2d(half, STRIDE // 2) / INPUT_SCALE + 0.5 - mean
    coarse = F.avg_pool2d(F.pad(coarse, (1,) * 4, mode="replicate"), 3, 1)
    coarse = mean + share * (coarse - coarse.mean(1, keepdim=True))
    large = F.interpolate(coarse, scale_factor=STRIDE / 2, mode="bilinear")
    return large.repeat_interleave(4, 1)


NORMALISED = sum(MODULATED_CHANNELS)
"""Number of normalized channels."""


def in_depth(matrices: Tensor) -> Tensor:
    """Convert maps of colours (N, 3, 3) to those of four pixels each, (N, 12, 12)."""
    pixels = torch.eye(4, device=matrices.device)[:, None]
    return (matrices[:, :, None, :, None] * pixels).reshape(-1, 12, 12)


def filter_in_depth(kernel: Tensor, maps: int) -> Tensor:
    """Convert a filter of maps (H, W) to one of the same maps in four channels (H / 2, W / 2) each.

    Args:
        kernel: (3, 3), the filter.
        maps: number of maps.

    Returns:
        (4 maps, 4 maps, 3, 3). Each entry is the response to one bright pixel, flipped, as
        convolutions of networks are correlations.
    """
    pixels = torch.zeros(4 * maps, 4 * maps, 3, 3)
    pixels[:, :, 1, 1] = torch.eye(4 * maps)
    each = kernel.expand(maps, 1, 3, 3)
    spread = F.conv2d(F.pixel_shuffle(pixels, 2), each, padding=1, groups=maps)
    return F.pixel_unshuffle(spread, 2).flip(2, 3).transpose(0, 1)


def depth_to_space(colours: Tensor, margin: int) -> Tensor:
    """Rearrange colours (N, 12, H, W) as `F.pixel_shuffle` does, and crop the margin.

    It uses a transposed convolution, which takes half the time in ONNX Runtime.

    Returns:
        (N, 3, 2 H - 2 margin, 2 W - 2 margin).
    """
    pixels = torch.eye(4, device=colours.device).reshape(4, 1, 2, 2).repeat(3, 1, 1, 1)
    return F.conv_transpose2d(colours, pixels, stride=2, padding=margin, groups=3)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear")
