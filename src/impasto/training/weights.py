"""Read the weights of a trained painter, from safetensors or from an exported ONNX file."""

from pathlib import Path
from typing import NamedTuple

from safetensors.torch import load_file
from torch import Tensor

from impasto.errors import InputError
from impasto.networks.painter import Painter
from impasto.networks.predictor import Predictor
from impasto.system.extras import require
from impasto.system.fingerprint import fingerprint
from impasto.system.paths import display_path
from impasto.training.styled import IDENTITY, exported_weights, part, reading, vectors


class Trained(NamedTuple):
    """The result of `impasto train painter`, rounded to float16 as in the exported files.

    Attributes:
        painter: ready to paint.
        vectors: style vectors by name, (VECTOR,) each, including the photo's own.
        predictor: ready to predict the vectors of pictures.
    """

    painter: Painter
    vectors: dict[str, Tensor]
    predictor: Predictor

    @property
    def style_space(self) -> str:
        """The id of the painter to which the vectors belong."""
        return fingerprint(self.painter.state_dict().values())


def load(weights: Path) -> Trained:
    """Load a trained painter.

    Raises:
        InputError: the file is missing, damaged, of another network or version, has values that
            are not finite, or has no predictor.
    """
    name = display_path(weights)
    with reading(weights):
        tensors = load_file(weights)
        painter = Painter()
        painter.load_state_dict(part(tensors, "painter."))
        learned = vectors(tensors)
        if IDENTITY not in learned:
            raise ValueError("no vector of the photo itself")
        if not all(value.isfinite().all() for value in tensors.values()):
            raise InputError(f"{name}: has values that are not finite; train at a lower rate")
        if not (of_predictor := part(tensors, "predictor.")):
            raise InputError(f"{name}: has no predictor; train with artworks")
        predictor = Predictor(of_predictor["known"])
        predictor.load_state_dict(of_predictor)
    predictor.known = _rounded(predictor.known)
    for network in (painter, predictor):
        # Buffers stay float32: they are few, and small differences of large values matter.
        for parameter in network.eval().parameters():
            parameter.data = _rounded(parameter.data)
    return Trained(painter, {style: _rounded(v) for style, v in learned.items()}, predictor)


def reopen(file: Path) -> Painter:
    """Read the painter back from an exported `painter.onnx`.

    Raises:
        InputError: the file is missing, damaged, or not a painter of this version.
        MissingExtraError: the package that reads it is not installed.
    """
    require("training", "torch", "onnx")
    if not file.is_file():
        raise InputError(f"{display_path(file)}: no such file; name an exported painter.onnx")
    painter = Painter()
    try:
        weights = part(exported_weights(file.read_bytes()), "painter.")
        painter.load_state_dict({name: weights[name] for name in painter.state_dict()})
    except Exception as problem:  # a damaged file can raise nearly any error
        raise InputError(
            f"{display_path(file)}: damaged, or not a painter of this version; name a painter.onnx"
        ) from problem
    return painter.eval()


def _rounded(values: Tensor) -> Tensor:
    return values.half().float()
