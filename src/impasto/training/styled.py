"""The model that is trained: the painter, the vectors of its styles, and the predictor."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from impasto.errors import InputError, WeightsError
from impasto.networks.painter import VECTOR, Painter, Palette
from impasto.networks.predictor import Predictor, thumbnail
from impasto.system.extras import require
from impasto.system.paths import display_path

IDENTITY = "photo"
"""The name of the style that is the photo itself; no picture may have it."""

HALF = "_half"
"""Suffix of the names of weights that an ONNX file stores in float16."""

Value = TypeVar("Value")


class StyledPainter(nn.Module):
    """The painter with the vectors of its styles, by name, and the predictor of other vectors.

    Args:
        names: of the styles, including the photo's own, `IDENTITY`.
        predicts: whether to include a predictor.
    """

    def __init__(self, names: Sequence[str], *, predicts: bool = False) -> None:
        super().__init__()
        self.painter = Painter()
        # One parameter for each style: on a CPU, Adam skips those without a gradient.
        self.vectors = nn.ParameterDict({name: 0.3 * torch.randn(VECTOR) for name in names})
        self.predictor = Predictor(self.known().cpu()) if predicts else None

    def forward(self, photo: Tensor, palette: Palette, name: str) -> Tensor:
        """Paint photos (N, 3, H, W) in the style of that name."""
        painted: Tensor = self.painter(photo, self.vectors[name][None], palette)
        return painted

    def known(self) -> Tensor:
        """Stack the vectors of all styles but the photo's own, (K, VECTOR), without gradients."""
        vectors = (value.detach() for name, value in self.vectors.items() if name != IDENTITY)
        return torch.stack(list(vectors))

    def predict(self, artwork: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the vectors of artworks (A, 3, H, W); also return their corrections alone."""
        assert self.predictor is not None
        self.predictor.known.copy_(self.known())
        mixture, correction = self.predictor.predict(self.predictor.statistics(artwork))
        return mixture + correction, correction


def begin(model: StyledPainter, file: Path) -> set[str]:
    """Load weights to continue from; styles that they lack start at the mean vector.

    The predictor is loaded, too, if the styles are the same, because it chooses among them.

    Returns:
        The names of the styles in the file.

    Raises:
        InputError: see `reading`.
    """
    with reading(file):
        weights = load_file(file)
        known = vectors(weights)
        mean = torch.stack([v for name, v in known.items() if name != IDENTITY]).mean(0)
        model.painter.load_state_dict(part(weights, "painter."))
        for name, vector in model.vectors.items():
            vector.data.copy_(known.get(name, mean))
        predictor = part(weights, "predictor.")
        if model.predictor is not None and predictor and set(known) == set(model.vectors):
            model.predictor.load_state_dict(predictor)
    return set(known)


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Report any failure to read a painter's weights in one line.

    Raises:
        InputError: the file is missing, damaged, or of another network or version.
    """
    name = display_path(file)
    if not file.is_file():
        raise InputError(f"{name}: no such file; `impasto train painter` writes one")
    try:
        yield
    except InputError:
        raise
    except Exception as problem:  # a damaged header can raise nearly any error
        raise InputError(
            f"{name}: damaged, or not the weights of a painter of this version; name a file that "
            "this version's `impasto train painter` wrote"
        ) from problem


def vectors(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Select the style vectors, (VECTOR,) each, by the names of their styles.

    Raises:
        ValueError: they are of another painter.
    """
    selected = part(weights, "vectors.")
    if any(vector.shape != (VECTOR,) for vector in selected.values()):
        raise ValueError("vectors of another painter")
    return selected


def part(weights: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Select the weights whose names start with a prefix, and remove the prefix."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


@torch.no_grad()
def calibrate(predictor: Predictor, pictures: Iterable[Tensor], artworks: Iterable[Tensor]) -> None:
    """Initialize a predictor so that it chooses the known style with the nearest statistics.

    Args:
        predictor: is changed in place.
        pictures: of its known styles, (1, 3, H, W) each.
        artworks: many, (1, 3, H, W) each; they give the usual statistics.
    """
    found = predictor.compact.load_state_dict(_encoder_of_predictor(), strict=False)
    used = "features.0.weight", "features.19.weight"  # from conv1_1 to conv4_1
    if found.unexpected_keys or any(name in found.missing_keys for name in used):
        raise WeightsError("the shipped style_encoder.onnx is not of this predictor; export it")
    usual = torch.cat([predictor.statistics(artwork) for artwork in artworks])
    known = [(predictor.statistics(picture), thumbnail(picture)) for picture in pictures]
    statistics, thumbnails = (torch.cat(values) for values in zip(*known, strict=True))
    predictor.calibrate(usual, statistics)
    predictor.thumbnails.copy_(thumbnails)


def _encoder_of_predictor() -> dict[str, Tensor]:
    """Read the weights of the predictor's encoder, as far as it is used, from the shipped file."""
    require("training", "torch", "onnx")
    file = resources.files("impasto.assets") / "style_encoder.onnx"
    weights = part(exported_weights(file.read_bytes()), "compact.features.")
    return {f"features.{name}": value for name, value in weights.items()}


def exported_weights(file: bytes) -> dict[str, Tensor]:
    """Read the weights of an exported network by the names that they had, in float32."""
    import onnx

    initializers = onnx.load_model_from_string(file).graph.initializer
    arrays = {w.name.removesuffix(HALF): onnx.numpy_helper.to_array(w) for w in initializers}
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}
