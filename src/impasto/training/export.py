"""Export a trained painter to ONNX, and check that it paints as it does in PyTorch."""

import base64
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from impasto._version import __version__
from impasto.errors import WeightsError
from impasto.feedforward.session import Network
from impasto.image.colour import gaussian
from impasto.image.samples import LUMA, to_float
from impasto.models.spec import ModelSpec
from impasto.networks.moments import SharedStats
from impasto.networks.painter import (
    INPUT_SCALE,
    NORMALISED,
    STRIDE,
    VECTOR,
    Painter,
    Palette,
    with_margin,
)
from impasto.styles import catalogue, storage
from impasto.styles.embedding import Style
from impasto.styles.names import CATALOGUE, PICTURES
from impasto.system.extras import require
from impasto.system.files import check_file, make_folder, write_file
from impasto.training.styled import HALF, IDENTITY
from impasto.training.weights import Trained, load

TOLERANCE = 1e-3
"""Largest allowed difference of a pixel from PyTorch's: a quarter of an 8-bit step."""

CHECKED_SIZES = ((24, 24), (64, 64), (40, 304), (256, 192))
"""Heights and widths at which results are compared; networks are traced at the second size."""

_OPSET = 18
_WORTH_HALVING = 256
"""Smallest number of values of a weight to store in float16; for fewer, the node that converts them
costs as much as it saves."""

_IR_VERSION = 8
"""The oldest version with these operators, so that old versions of ONNX Runtime open the files."""


FILES = ("painter.onnx", "style_encoder.onnx", "content_statistics.onnx", "styles.npz")
"""Files of an export: the painter, the two networks that belong to it, and the styles."""

HALO = 32
"""Width in pixels of the strip along a tile's inner border that the border distorts."""

BYTES_PER_PIXEL = 200
"""Memory that the painter needs for each pixel, with a margin: 120 to 150 bytes were measured."""

WORK_SIDE = 640
"""Long side in pixels at which the strokes suit the whole picture."""

DETAIL_SIDE = 1536
"""Largest long side in pixels of the second pass, which paints over the enlarged painting in finer
strokes."""


HUES = 1.2
"""Added to the share of the photo's hues, before its sigmoid, in styles of many colours. Eyes like
more of them than the losses do: in 22 of 24 pairs of photo and style."""

FEW_HUES, MANY_HUES = 0.02, 0.06
"""Standard deviations of a style's colours without their lightness: below the first nothing is
added, above the second all of `HUES`. In engravings and pencil drawings, more of the photo's hues
look foreign."""


class Exported(NamedTuple):
    """The files written, and the largest difference of pixels or statistics from PyTorch's."""

    files: list[Path]
    difference: float


class _Paint(nn.Module):
    """The painter, preceded by recolouring and followed by clipping.

    In the graph, these steps cost a fraction of their cost in NumPy. NumPy's threads would also
    keep spinning afterwards and slow down those of ONNX Runtime.
    """

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.painter = painter

    def forward(
        self,
        image: Tensor,
        matrix: Tensor,
        offset: Tensor,
        embedding: Tensor,
        colour_mean: Tensor,
        colour_root: Tensor,
        statistics: Tensor,
        share: Tensor,
    ) -> tuple[Tensor, Tensor]:
        norm = SharedStats(statistics, share)
        photo, palette = recoloured(image, matrix, offset), Palette(colour_mean, colour_root)
        painted = self.painter.paint(photo, with_hues(embedding, colour_root), palette, norm)
        return painted.clamp(0, 1), norm.measured


class _ContentStatistics(nn.Module):
    """The statistics of the photo's features, the first of those that `_Paint` returns."""

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.painter = painter

    def forward(self, image: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
        norm = SharedStats(torch.zeros(1, 2, NORMALISED), torch.zeros(()))
        # The margin matters: some channels respond almost only to the border of a picture. Without
        # it, they would seem flat and be amplified.
        wide = with_margin(recoloured(image, matrix, offset))
        for features in self.painter.features(wide):
            norm(features)
        return norm.measured


def export(weights: Path, out: Path, *, overwrite: bool = False) -> Exported:
    """Export a trained painter to `painter.onnx`, with two networks and the styles beside it.

    The painter maps `image` to `painting`, both (1, 3, H, W) in [0, 1]; the sides are multiples of
    8. Its further inputs are `matrix` (3, 3) and `offset` (3,), which give the photo the style's
    colours (see `image.colour.optimal_transport_map`); `embedding` (1, VECTOR); `colour_mean`
    (1, 3) and `colour_root` (1, 3, 3); and `statistics` (1, 2, NORMALISED) with their `share`, by
    which the tiles of a picture are painted alike (see `networks.moments.SharedStats`). It also
    returns the statistics that it used, `found`. The style encoder maps `image` to `embedding`. The
    content statistics network maps `image`, `matrix` and `offset` to the first of the statistics in
    `found`. The painter adds to the share of the photo's hues (see `HUES`), which the training does
    not. Each file carries its `ModelSpec`. `styles.npz` has the styles of `assets/styles.tsv`
    that the weights know.

    Args:
        weights: the safetensors file that `impasto train painter --artworks` wrote.
        out: a folder, which is created if it does not exist.
        overwrite: whether existing files may be replaced.

    Raises:
        InputError: the weights are missing, damaged, of another network or without a predictor.
        OutputError: a file exists or cannot be written.
        WeightsError: ONNX Runtime paints differently from PyTorch; nothing is written.
        MissingExtraError: the exporter is not installed.
    """
    require("export", "export", "onnx", "onnxscript")
    trained = load(weights)
    make_folder(out)
    files = [out / name for name in FILES]
    for path in files:
        check_file(path, overwrite=overwrite, inputs=[weights])
    height, width = CHECKED_SIZES[1]
    image, embedding = torch.rand(1, 3, height, width), torch.rand(1, VECTOR)
    colours = {"matrix": torch.eye(3), "offset": torch.zeros(3)}
    style = {"embedding": embedding, "colour_mean": torch.rand(1, 3)}
    style["colour_root"] = torch.eye(3)[None]
    shared = {"statistics": torch.zeros(1, 2, NORMALISED), "share": torch.zeros(())}
    specs = specifications(trained)
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        drafts = [Path(folder) / path.name for path in files]
        paint, measure = _Paint(trained.painter), _ContentStatistics(trained.painter)
        photo_inputs = {"image": image, **colours}
        _write(paint, photo_inputs | style | shared, ["painting", "found"], drafts[0], specs[0])
        _write(trained.predictor, {"image": image}, ["embedding"], drafts[1], specs[1])
        _write(measure, photo_inputs, ["found"], drafts[2], specs[2])
        difference = largest_difference(trained, *drafts[:3])
        if not difference <= TOLERANCE:
            raise WeightsError(
                f"{weights}: ONNX Runtime paints differently from PyTorch, by up to "
                f"{difference:.2g} of a range of 1; at most {TOLERANCE} is allowed"
            )
        storage.save(drafts[3], styles(trained), overwrite=False)
        for path, new in zip(files, drafts, strict=True):
            write_file(path, new.read_bytes(), overwrite=overwrite)
    return Exported(files, difference)


def specifications(trained: Trained) -> list[ModelSpec]:
    """Build the specifications of the three networks, in the order of `FILES`."""
    common: dict[str, Any] = {
        "stride": STRIDE,
        "style_size": VECTOR,
        "style_space": trained.style_space,
        "channels": NORMALISED,
        "fingerprint": trained.style_space,
    }
    _, style_encoder, content_statistics, _ = FILES
    photo_vector = trained.vectors[IDENTITY].numpy().astype(np.float16)
    return [
        ModelSpec(
            name="painter",
            kind="painter",
            halo=HALO,
            bytes_per_pixel=BYTES_PER_PIXEL,
            work_side=WORK_SIDE,
            detail_side=DETAIL_SIDE,
            style_encoder=style_encoder,
            content_statistics=content_statistics,
            photo_vector=base64.b64encode(photo_vector.tobytes()).decode(),
            **common,
        ),
        ModelSpec(name="style encoder", kind="style-encoder", **common),
        ModelSpec(name="content statistics", kind="content-statistics", **common),
    ]


def styles(trained: Trained) -> dict[str, Style]:
    """Build the styles of the catalogue that have a vector, with their titles and colours."""
    known = {}
    for work in catalogue.read(CATALOGUE):
        if (vector := trained.vectors.get(work.name)) is None:
            continue
        with Image.open(PICTURES / work.file) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        colours = gaussian(to_float(pixels))
        known[work.name] = Style(
            {trained.style_space: vector.numpy()},
            colours.mean.astype(np.float32),
            colours.covariance.astype(np.float32),
            title=work.title,
            artist=work.artist,
            year=work.year,
        )
    return known


def with_hues(vector: Tensor, root: Tensor) -> Tensor:
    """Add to the share of the photo's hues in a style vector (1, VECTOR), see `HUES`.

    Args:
        vector: its last number is the share, before its sigmoid.
        root: (1, 3, 3), the symmetric square root of the style's colour covariance.
    """
    unlit = torch.eye(3) - torch.from_numpy(LUMA)  # takes the lightness off a colour
    deviation = ((unlit @ root).square().sum() / 3).sqrt()
    added = HUES * ((deviation - FEW_HUES) / (MANY_HUES - FEW_HUES)).clamp(0, 1)
    return torch.cat([vector[:, :-1], vector[:, -1:] + added], 1)


def recoloured(image: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Map x -> A x + b for every pixel of (1, 3, H, W), clip to [0, 1], and centre the result.

    Returns:
        (1, 3, H, W) as `Painter.paint` takes it.
    """
    kernel, bias = INPUT_SCALE * matrix[..., None, None], INPUT_SCALE * (offset - 0.5)
    return nn.functional.conv2d(image, kernel, bias).clamp(-INPUT_SCALE / 2, INPUT_SCALE / 2)


def _write(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: list[str],
    path: Path,
    spec: ModelSpec,
) -> None:
    import onnx
    import onnxscript.optimizer

    rows, columns = torch.export.Dim("rows", min=2), torch.export.Dim("columns", min=2)
    moving = {"image": {2: STRIDE * rows, 3: STRIDE * columns}}
    with _quiet_exporter():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=tuple(moving.get(name) for name in inputs),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:
        node.ClearField("metadata_props")  # lines of source code, with paths of this machine
    _keep_layout(model.graph)
    onnxscript.optimizer.remove_unused_nodes(model)
    _halve(model.graph)
    model.ir_version = _IR_VERSION
    onnx.helper.set_model_props(model, {"impasto": __version__, **spec.to_metadata()})
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _keep_layout(graph: Any) -> None:
    """Let ONNX Runtime enlarge and add maps in the layout in which it convolves.

    It stores channels in blocks, but not for convolutions whose weights depend on the style. To
    pool single pixels changes nothing, except that the result is stored in blocks again.
    Enlargement in blocks needs a constant factor.
    """
    import onnx

    makers = {name: node for node in graph.node for name in node.output}
    doublings = [
        node
        for node in graph.node
        if node.op_type == "Resize" and makers[node.input[0]].op_type == "Conv"
    ]
    if not doublings:  # not a painter
        return
    factor = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "doubled")
    graph.initializer.append(factor)
    for node in doublings:
        node.input[:] = [node.input[0], "", factor.name]
    [joined] = [node for node in graph.node if doublings[0].output[0] in node.input]
    [relu] = [node for node in graph.node if joined.output[0] in node.input]
    for name in (relu.output[0], doublings[1].input[0]):
        pooled = name + ".pooled"
        for node in graph.node:
            node.input[:] = [pooled if entry == name else entry for entry in node.input]
        pool = onnx.helper.make_node("MaxPool", [name], [pooled], kernel_shape=[1, 1])
        graph.node.insert(list(graph.node).index(makers[name]) + 1, pool)


def _halve(graph: Any) -> None:
    """Store weights in float16 if they are exact in it; ONNX Runtime converts them back."""
    import onnx

    casts = []
    for weight in graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _WORTH_HALVING:
            continue
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if not np.array_equal(halved, values):
            continue
        half = weight.name + HALF
        casts.append(
            onnx.helper.make_node("Cast", [half], [weight.name], to=onnx.TensorProto.FLOAT)
        )
        weight.CopyFrom(onnx.numpy_helper.from_array(halved, half))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence the exporter's messages, which are for its developers."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@torch.no_grad()
def largest_difference(
    trained: Trained, painter_file: Path, encoder_file: Path, statistics_file: Path
) -> float:
    """Compute the largest difference between the results of PyTorch and of ONNX Runtime.

    It compares the pixels, painted by the predicted style vector, and the content statistics,
    relative to the largest of them. The result is NaN if any value is.
    """
    paint, embed, measure = (
        Network(file, "cpu") for file in (painter_file, encoder_file, statistics_file)
    )
    generator = torch.Generator().manual_seed(0)
    largest = 0.0
    for height, width in CHECKED_SIZES:
        # Blotches with some grain, like a picture; plain noise would average out.
        coarse = torch.rand(2, 3, height // 8, width // 8, generator=generator)
        fine = torch.rand(2, 3, height, width, generator=generator)
        smooth = nn.functional.interpolate(coarse, (height, width), mode="bilinear")
        photo, style = (0.8 * smooth + 0.2 * fine)[:, None]
        photo_inputs: dict[str, Any] = {
            "image": photo,
            "matrix": 0.6 * torch.eye(3) + 0.2 * torch.rand(3, 3, generator=generator),
            "offset": 0.1 * torch.rand(3, generator=generator),
        }
        more: dict[str, Any] = {
            "colour_mean": torch.rand(1, 3, generator=generator),
            "colour_root": 0.2 * torch.eye(3)[None],
            "statistics": torch.rand(1, 2, NORMALISED, generator=generator),
            "share": torch.tensor(0.2),
        }
        vector = trained.predictor(style)
        painted, measured = _Paint(trained.painter)(embedding=vector, **photo_inputs, **more)
        photo_inputs, more = (
            {k: v.numpy() for k, v in words.items()} for words in (photo_inputs, more)
        )
        [embedding] = embed({"image": style.numpy()})
        pixels, _ = paint({"embedding": embedding, **photo_inputs, **more})
        [statistics] = measure(photo_inputs)
        first = measured[..., : statistics.shape[2]].numpy()
        apart = np.abs(pixels - painted.numpy()).max()
        unlike = np.abs(statistics - first).max() / np.abs(first).max()
        largest = float(np.max([largest, apart, unlike]))
    return largest
