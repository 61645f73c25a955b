"""The stylizer: a photo and the embedding of a style in, a painting out, in one pass.

A style's embedding is the statistics of the compact encoder's features. The photo is seen by a
cheaper network that learns what the compact encoder sees at relu3_1 and relu4_1, and from there on
what helps the painting. Its features are given the style's statistics (AdaIN), and a decoder, whose
residual blocks are modulated by what is known of style and photo, turns them into pixels.

Nothing works at full resolution: the picture is folded to half its size on the way in and unfolded
on the way out (Shi et al. 2016, arXiv 1609.05158), which is where the speed is. What the layers
lose of it, the photo's finest detail, is laid over the painting, as strongly as the network says
for every place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks import compact
from impasto.networks.blocks import CODES, Modulated, Padding, Standardised, Styled, conv
from impasto.networks.moments import EPSILON, Modulation, Moments, Norm, adain, normalised, own

STRIDE = 8
"""Sides of a picture must be multiples of this."""

MARGIN = 8
"""Pixels by which a photo is continued by reflection before, and cropped after: convolutions
know the border by what they pad with, and would hang their ornaments there."""

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
"""Layers of the compact encoder whose statistics make an embedding."""

QUARTER, EIGHTH = LAYERS[2:]
"""Layers, at 1/4 and 1/8 of the picture's size, from which it is painted."""

ENCODER_WIDTHS = (16, 32, 64)
"""Channels at 1/2, 1/4 and 1/8 before the features that are painted from."""

DECODER_WIDTHS = (64, 48, 16)
"""Channels at 1/8, 1/4 and 1/2."""

BLOCKS = (1, 2, 2)
"""Residual blocks at 1/8, 1/4 and 1/2."""

PADDINGS: tuple[Padding, ...] = ("replicate", "zeros", "zeros")
"""And how they go on beyond the border. Zeros at 1/4 and 1/2 spoil little beyond the margin; at 1/8
and in the encoder they spoil the colours of all that lies along the border."""

SEEN = (ENCODER_WIDTHS[0], *compact.WIDTHS[2:4])
"""Channels of `Features`."""

HIDDEN = 320
"""Units between what is known of style and photo and what the decoder makes of it."""

BINOMIAL = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
"""The smallest filter that takes out all that alternates from pixel to pixel."""

PIXELS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Row and column of the 2 x 2 pixels that are folded, in the order of their channels."""


def _detail_kernel() -> Tensor:
    """Build (4, 3, 4, 4): for each of `PIXELS`, its brightness less that of its surroundings."""
    taken = -BINOMIAL
    taken[1, 1] += 1
    corners = [F.pad(taken, (right, 1 - right, below, 1 - below)) for below, right in PIXELS]
    return torch.stack(corners)[:, None].repeat(1, 3, 1, 1) / 3


_DETAIL = _detail_kernel()


class Features(NamedTuple):
    """What the painting is made from, at 1/2, 1/4 and 1/8 of the picture's size.

    The deeper two stand for relu3_1 and relu4_1 of the compact encoder.
    """

    half: Tensor
    quarter: Tensor
    eighth: Tensor


class Encoder(nn.Module):
    """(N, 3, H, W) in [0, 1] to `Features`; two of them stand for the compact encoder's."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = ENCODER_WIDTHS
        _, quarter, eighth = SEEN
        self.stem = nn.Conv2d(3, a, 6, stride=2, padding=2)
        self.down1 = conv(a, b, stride=2)
        self.mid1 = conv(b, b)
        self.out1 = conv(b, quarter)
        self.down2 = conv(quarter, c, stride=2)
        self.out2 = conv(c, eighth)

    def forward(self, image: Tensor) -> Features:
        """Compute the features of a picture whose sides are multiples of `STRIDE`."""
        half = F.relu(self.stem((image - 0.5) * 4))
        quarter = F.relu(self.out1(F.relu(self.mid1(F.relu(self.down1(half))))))
        return Features(half, quarter, F.relu(self.out2(F.relu(self.down2(quarter)))))


@dataclass(frozen=True)
class Layout:
    """Where in an embedding what lies: mean and deviation of each feature map in turn."""

    widths: tuple[int, ...] = compact.WIDTHS[: len(LAYERS)]

    @property
    def size(self) -> int:
        """Length of an embedding."""
        return 2 * sum(self.widths)

    def split(self, embedding: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Split (N, size) into (mean, deviation) of each map, (N, C, 1, 1) each."""
        pieces = torch.split(embedding[..., None, None], [w for w in self.widths for _ in "md"], 1)
        return list(zip(pieces[::2], pieces[1::2], strict=True))


LAYOUT = Layout()


class Manner(NamedTuple):
    """How to paint a photo in a style.

    Attributes:
        blocks: what becomes of what each block normalises.
        photo: and of each of the photo's normalised features, before AdaIN.
        code: (N, CODES), for the `Styled` convolutions.
    """

    blocks: list[Modulation]
    photo: list[Modulation]
    code: Tensor


class Decoded(NamedTuple):
    """What the decoder makes of a picture of H x W, folded: 2 x 2 pixels to 4 channels.

    Attributes:
        colours: (N, 12, H / 2, W / 2), smooth at the scale of a pixel.
        detail: (N, 4, H / 2, W / 2), how much of the photo's detail belongs there.
    """

    colours: Tensor
    detail: Tensor


class Decoder(nn.Module):
    """A photo's features and the embedding of a style to a picture."""

    smooth: Tensor
    """A binomial filter for the folded output of the head; colours are a quarter of it."""

    middle: Tensor
    """What 0 stands for: mid-grey, and half of the photo's detail."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = DECODER_WIDTHS
        half, quarter, eighth = SEEN
        self.enter = conv(eighth, a)
        self.up1 = Styled(a, b)
        self.join = Styled(quarter, b)
        self.up2 = Styled(b, c)
        self.join_half = Styled(half, c)
        self.head = Styled(c, 16, 3)
        kinds = zip(DECODER_WIDTHS, PADDINGS, BLOCKS, strict=True)
        blocks = [(width, padding) for width, padding, count in kinds for _ in range(count)]
        self.blocks = nn.ModuleList(Modulated(*block) for block in blocks)
        gain = torch.tensor([0.25] * 12 + [1.0] * 4)[:, None, None, None]
        self.register_buffer("smooth", gain * folded(BINOMIAL, 4), persistent=False)
        self.register_buffer("middle", torch.full((16,), 0.5), persistent=False)
        known = LAYOUT.size + 2 * sum(SEEN)
        self.standardise = Standardised(known)
        self.hidden = nn.Linear(known, HIDDEN)
        # For each channel of blocks and features a scale, less 1, and a shift.
        self._pieces = [2 * width for width in (*(w for w, _ in blocks), *SEEN)]
        self.modulation = nn.Linear(HIDDEN, sum(self._pieces))
        self.code = nn.Linear(HIDDEN, CODES)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, photo: Features, embedding: Tensor, norm: Norm = own) -> Decoded:
        """Paint from the photo's features and an embedding (N, LAYOUT.size); not yet clipped."""
        seen = [norm(features) for features in photo]
        *_, of_quarter, of_eighth = styles = LAYOUT.split(embedding)
        manner = self.manner(styles, seen)
        at_half, at_quarter, at_eighth = manner.photo
        modulations = at_half, adain(at_quarter, *of_quarter), adain(at_eighth, *of_eighth)
        half, quarter, eighth = map(normalised, photo, seen, modulations)
        blocks = list(zip(self.blocks, manner.blocks, strict=True))
        first, second = BLOCKS[0], BLOCKS[0] + BLOCKS[1]
        x = F.relu(self.enter(eighth))
        for block, modulation in blocks[:first]:
            x = block(x, modulation, norm)
        x = F.relu(_double(self.up1(x, manner.code)) + self.join(quarter, manner.code))
        for block, modulation in blocks[first:second]:
            x = block(x, modulation, norm)
        x = F.relu(_double(self.up2(x, manner.code)) + self.join_half(half, manner.code))
        for block, modulation in blocks[second:]:
            x = block(x, modulation, norm)
        # A lattice of alternating pixels is the cheapest texture that this head could paint, and
        # the ugliest. The binomial filter takes out just that, so that none is learned.
        painted = F.conv2d(self.head(x, manner.code), self.smooth, self.middle, padding=1)
        return Decoded(painted[:, :12], painted[:, 12:])

    def manner(self, styles: Sequence[tuple[Tensor, Tensor]], seen: Sequence[Moments]) -> Manner:
        """Predict the modulation from the statistics of style and photo.

        How much texture the photo brings along decides how much is to be added.
        """
        known = [p for mean, deviation in styles for p in (mean, (deviation + EPSILON).log())]
        known += [p for mean, variance in seen for p in (mean, (variance + EPSILON).log())]
        hidden = F.relu(self.hidden(self.standardise(torch.cat(known, 1).flatten(1))))
        pieces = self.modulation(hidden)[..., None, None].split(self._pieces, 1)
        halves = (piece.chunk(2, 1) for piece in pieces)
        modulations = [Modulation(1 + scale, shift) for scale, shift in halves]
        # Bounded, so that nothing, however strange, gets weights far from all that were learned.
        code = torch.tanh(self.code(hidden))
        return Manner(modulations[: len(self.blocks)], modulations[len(self.blocks) :], code)


NORMALISED = sum(SEEN) + sum(
    width * count for width, count in zip(DECODER_WIDTHS, BLOCKS, strict=True)
)
"""How many channels are normalised on the way to a painting."""


class Stylizer(nn.Module):
    """`embed` makes a style of a picture, `forward` paints a photo with it."""

    def __init__(self) -> None:
        super().__init__()
        self.compact = compact.build().requires_grad_(False)
        self.encoder = Encoder()
        self.decoder = Decoder()

    def embed(self, image: Tensor) -> Tensor:
        """Compute the embedding of a style, (N, LAYOUT.size), from (N, 3, H, W) in [0, 1]."""
        return embedding_of(self.compact(image, LAYERS))

    def forward(self, image: Tensor, embedding: Tensor, norm: Norm = own) -> Tensor:
        """Paint a photo in the style's colours, (N, 3, H, W); not yet clipped."""
        wide = with_margin(image)
        return self.paint(wide, self.encoder(wide), embedding, norm)

    def paint(
        self, image: Tensor, features: Features, embedding: Tensor, norm: Norm = own
    ) -> Tensor:
        """Paint from a photo with a margin, and its features, without the margin."""
        decoded: Decoded = self.decoder(features, embedding, norm)
        laid_over = (decoded.detail * detail(image)).repeat(1, 3, 1, 1)
        return unfolded(decoded.colours + laid_over, margin=MARGIN)


def unfolded(colours: Tensor, margin: int) -> Tensor:
    """Unfold colours (N, 12, H, W) as `F.pixel_shuffle` does, and cut off the margin.

    By the transposed convolution that does the same, in half the time in ONNX Runtime.

    Returns:
        (N, 3, 2 H - 2 margin, 2 W - 2 margin).
    """
    pixels = torch.eye(4, device=colours.device).reshape(4, 1, 2, 2).repeat(3, 1, 1, 1)
    return F.conv_transpose2d(colours, pixels, stride=2, padding=margin, groups=3)


def with_margin(image: Tensor) -> Tensor:
    """Continue a picture by `MARGIN` pixels on all sides."""
    return F.pad(image, (MARGIN,) * 4, mode="reflect")


def detail(image: Tensor) -> Tensor:
    """Compute what a binomial filter takes from a picture's brightness, folded.

    Args:
        image: (N, 3, H, W), sides even.

    Returns:
        (N, 4, H / 2, W / 2); along the border as if the picture went on in black.
    """
    return F.conv2d(image, _DETAIL.to(image), stride=2, padding=1)


def folded(kernel: Tensor, maps: int) -> Tensor:
    """Turn a filter (3, 3) of maps into the convolution that does the same to the maps folded.

    Returns:
        (4 maps, 4 maps, 3, 3): what becomes of a single bright pixel, turned round, as
        convolutions in networks are correlations.
    """
    pixels = torch.zeros(4 * maps, 4 * maps, 3, 3)
    pixels[:, :, 1, 1] = torch.eye(4 * maps)
    each = kernel.expand(maps, 1, 3, 3)
    spread = F.conv2d(F.pixel_shuffle(pixels, 2), each, padding=1, groups=maps)
    return F.pixel_unshuffle(spread, 2).flip(2, 3).transpose(0, 1)


def embedding_of(features: Mapping[str, Tensor]) -> Tensor:
    """Compute mean and deviation of every channel of `LAYERS`, (N, LAYOUT.size)."""
    parts = []
    for layer in LAYERS:
        variance, mean = torch.var_mean(features[layer], dim=(2, 3), correction=0)
        parts += [mean, (variance + EPSILON**2).sqrt()]
    return torch.cat(parts, 1)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear")
