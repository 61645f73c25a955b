"""Exports the trained stylizer to ONNX, and proves that it paints there as it does here."""

import hashlib
import logging
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from impasto._version import __version__
from impasto.errors import InputError, WeightsError
from impasto.feedforward.session import Network
from impasto.models.spec import ModelSpec
from impasto.networks.moments import Shared
from impasto.networks.stylizer import LAYOUT, NORMALISED, STRIDE, Stylizer, with_margin
from impasto.system.extras import require
from impasto.system.files import check_file, make_folder, write_file

TOLERANCE = 1e-3
"""How far a pixel may be from PyTorch's, of a range of 1; a quarter of an 8-bit step."""

CHECKED_SIZES = ((16, 16), (64, 64), (40, 304), (256, 192))
"""Heights and widths at which the two are compared; the networks are traced at the second."""

_OPSET = 18
_HALF = "_half"
"""Ends the names of weights stored in float16."""

_WORTH_HALVING = 256
"""Numbers; below that a name and a node weigh as much."""

_IR_VERSION = 8
"""The oldest that has the operators, so that ONNX Runtime of any age opens the files."""


FILES = ("stylizer.onnx", "style_encoder.onnx", "content_statistics.onnx")
"""What an export consists of: the network that paints, and the two beside it."""

HALO = 32
"""Pixels along a tile's inner border that the stylizer's border spoils, measured."""

BYTES_PER_PIXEL = 250
"""Memory that the stylizer takes for every pixel: measured were 100 to 235 (benchmarks/README.md),
as ONNX Runtime rounds up to a power of two here and there."""


class Exported(NamedTuple):
    """The files written, and the largest difference of pixels or statistics from PyTorch's."""

    files: list[Path]
    difference: float


class _Paint(nn.Module):
    """`Stylizer` together with what comes before and after it: recolouring and clipping.

    In the graph they cost a fraction of what they cost in NumPy, whose threads moreover go on
    spinning for a while when it is done, in the way of ONNX Runtime's.
    """

    def __init__(self, trained: Stylizer) -> None:
        super().__init__()
        self.stylizer = trained

    def forward(
        self,
        image: Tensor,
        matrix: Tensor,
        offset: Tensor,
        embedding: Tensor,
        statistics: Tensor,
        share: Tensor,
    ) -> tuple[Tensor, Tensor]:
        norm = Shared(statistics, share)
        painted: Tensor = self.stylizer(recoloured(image, matrix, offset), embedding, norm)
        return painted.clamp(0, 1), norm.found


class _ContentStatistics(nn.Module):
    """The statistics of what the stylizer's encoder sees of a photo, the first of `Shared`."""

    def __init__(self, trained: Stylizer) -> None:
        super().__init__()
        self.stylizer = trained

    def forward(self, image: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
        seen = self.stylizer.encoder(with_margin(recoloured(image, matrix, offset)))
        norm = Shared(torch.zeros(1, 2, NORMALISED), torch.zeros(()))
        for features in seen:
            # The margin counts: some channels see hardly anything but a picture's border, and
            # without it would be taken for flat, and blown up there.
            norm(features)
        return norm.found


class _Embed(nn.Module):
    """`Stylizer.embed` as a module of its own."""

    def __init__(self, trained: Stylizer) -> None:
        super().__init__()
        self.stylizer = trained

    def forward(self, image: Tensor) -> Tensor:
        return self.stylizer.embed(image)


def export(weights: Path, out: Path, *, overwrite: bool = False) -> Exported:
    """Export a trained stylizer to `stylizer.onnx`, with two networks beside it, see `FILES`.

    The stylizer maps `image` (1, 3, H, W), a photo in [0, 1] with sides that are multiples of 8,
    `matrix` (3, 3) and `offset` (3,), which give it the style's colours (see
    `image.colour.transport`), and `embedding` (1, LAYOUT.size) to `painting` (1, 3, H, W) in
    [0, 1]; and `statistics` (1, 2, NORMALISED) with their `share`, by which parts of a picture
    are painted alike (see `networks.moments.Shared`), to those `found`. The style encoder
    maps `image` to `embedding`. The content statistics map `image`, `matrix` and `offset` to the
    first of the statistics that the stylizer finds. Each file carries its `ModelSpec`.

    Args:
        weights: the safetensors file of `training.stylizer.train`.
        out: the folder, which is made if need be.
        overwrite: whether existing files may be replaced.

    Raises:
        InputError: the weights are missing, damaged or of another network.
        OutputError: a file exists or cannot be written.
        WeightsError: ONNX Runtime paints something else than PyTorch; nothing is written.
        MissingExtraError: the exporter is not installed.
    """
    require("export", "export", "onnx", "onnxscript")
    trained = load(weights)
    make_folder(out)
    files = [out / name for name in FILES]
    for path in files:
        check_file(path, overwrite=overwrite, inputs=[weights])
    height, width = CHECKED_SIZES[1]
    image, embedding = torch.rand(1, 3, height, width), torch.rand(1, LAYOUT.size)
    colours = {"matrix": torch.eye(3), "offset": torch.zeros(3)}
    specs = specifications(trained)
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        made = [Path(folder) / path.name for path in files]
        shared = {"statistics": torch.zeros(1, 2, NORMALISED), "share": torch.zeros(())}
        given = {"image": image, **colours, "embedding": embedding, **shared}
        _write(_Paint(trained), given, ["painting", "found"], made[0], specs[0])
        _write(_Embed(trained), {"image": image}, ["embedding"], made[1], specs[1])
        _write(
            _ContentStatistics(trained), {"image": image, **colours}, ["found"], made[2], specs[2]
        )
        difference = _difference(trained, *made)
        if not difference <= TOLERANCE:
            raise WeightsError(
                f"{weights}: ONNX Runtime paints differently from PyTorch, by up to "
                f"{difference:.2g} of a range of 1; at most {TOLERANCE} is allowed"
            )
        for path, new in zip(files, made, strict=True):
            write_file(path, new.read_bytes(), overwrite=overwrite)
    return Exported(files, difference)


def specifications(trained: Stylizer) -> list[ModelSpec]:
    """Describe the three networks of an export, in the order of `FILES`."""
    common: dict[str, Any] = {
        "stride": STRIDE,
        "style_size": LAYOUT.size,
        "style_space": fingerprint(trained.compact.state_dict().values()),
        "channels": NORMALISED,
        "fingerprint": fingerprint(trained.state_dict().values()),
    }
    _, style_encoder, content_statistics = FILES
    return [
        ModelSpec(
            name="stylizer",
            kind="painter",
            halo=HALO,
            bytes_per_pixel=BYTES_PER_PIXEL,
            style_encoder=style_encoder,
            content_statistics=content_statistics,
            **common,
        ),
        ModelSpec(name="style encoder", kind="style-encoder", **common),
        ModelSpec(name="content statistics", kind="content-statistics", **common),
    ]


def describe(file: Path, spec: ModelSpec) -> None:
    """Write a specification into an ONNX file, in place of the one that it has."""
    import onnx

    model = onnx.load(file)
    onnx.helper.set_model_props(model, {"impasto": __version__, **spec.to_metadata()})
    write_file(file, model.SerializeToString(), overwrite=True)


def recoloured(image: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Map x -> A x + b for every pixel of (N, 3, H, W), clipped to [0, 1]."""
    return (matrix @ image.flatten(2) + offset[:, None]).clamp(0, 1).reshape(image.shape)


def load(weights: Path) -> Stylizer:
    """Load the trained stylizer, its weights rounded to float16 as in the files.

    Raises:
        InputError: the file is missing, damaged or of another network.
    """
    if not weights.is_file():
        raise InputError(f"{weights}: no such file; `impasto train stylizer` writes one")
    trained = Stylizer()
    try:
        trained.load_state_dict(load_file(weights))
    except Exception as problem:  # a damaged header can raise nearly anything
        raise InputError(
            f"{weights}: damaged, or not the weights of a stylizer; name what "
            "`impasto train stylizer` wrote"
        ) from problem
    if not all(value.isfinite().all() for value in trained.state_dict().values()):
        raise InputError(f"{weights}: holds values that are no numbers; train at a lower --rate")
    # Not what was measured: in large numbers, of which small differences count, or in few.
    for parameter in trained.parameters():
        parameter.data = parameter.data.half().float()
    return trained.eval()


def reopen(file: Path) -> dict[str, Tensor]:
    """Read the weights of encoder and decoder in an exported `stylizer.onnx`, by their names.

    Raises:
        InputError: the file is missing, or no such network.
        MissingExtraError: the package that reads it is not installed.
    """
    require("export", "export", "onnx")
    import onnx

    if not file.is_file():
        raise InputError(f"{file}: no such file; name an exported stylizer.onnx")
    try:
        graph = onnx.load(file).graph
        arrays = {
            weight.name.removesuffix(_HALF): onnx.numpy_helper.to_array(weight)
            for weight in graph.initializer
        }
    except Exception as problem:  # a damaged file can raise nearly anything
        raise InputError(
            f"{file}: damaged, or not an exported stylizer; name a stylizer.onnx"
        ) from problem
    found = {}
    for name, expected in Stylizer().state_dict().items():
        if not name.startswith(("encoder.", "decoder.")) or name.endswith(".batches"):
            continue
        array = arrays.get(f"stylizer.{name}")
        if array is None or array.shape != expected.shape:
            raise InputError(
                f"{file}: not a stylizer of this version's design; give one that this version "
                "exported"
            )
        found[name] = torch.from_numpy(array.copy())
    return found


def fingerprint(tensors: Iterable[Tensor]) -> str:
    """Hash tensors to sixteen hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _write(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: list[str],
    path: Path,
    spec: ModelSpec,
) -> None:
    import onnx

    rows, columns = torch.export.Dim("rows", min=2), torch.export.Dim("columns", min=2)
    moving = {"image": {2: 8 * rows, 3: 8 * columns}}
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
        node.ClearField("metadata_props")  # the lines of source, with this machine's paths
    _halve(model.graph)
    model.ir_version = _IR_VERSION
    onnx.helper.set_model_props(model, {"impasto": __version__, **spec.to_metadata()})
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _halve(graph: Any) -> None:
    """Store what float16 can tell in half as many bytes; ONNX Runtime widens it again."""
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
        half = weight.name + _HALF
        casts.append(
            onnx.helper.make_node("Cast", [half], [weight.name], to=onnx.TensorProto.FLOAT)
        )
        weight.CopyFrom(onnx.numpy_helper.from_array(halved, half))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence what the exporter tells its own developers."""
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
def _difference(
    trained: Stylizer, stylizer_file: Path, encoder_file: Path, statistics_file: Path
) -> float:
    """Compute the largest difference between PyTorch and ONNX Runtime.

    It is that of pixels, encoding the style included; or of the statistics of stylizer and content
    statistics, as a part of the largest of these; NaN if any is.
    """
    paint, embed, measure = (
        Network(file, "cpu") for file in (stylizer_file, encoder_file, statistics_file)
    )
    generator = torch.Generator().manual_seed(0)
    largest = 0.0
    for height, width in CHECKED_SIZES:
        # Blotches with some grain, like a picture: noise alone would average itself out.
        coarse = torch.rand(2, 3, height // 8, width // 8, generator=generator)
        fine = torch.rand(2, 3, height, width, generator=generator)
        smooth = nn.functional.interpolate(coarse, (height, width), mode="bilinear")
        photo, style = (0.8 * smooth + 0.2 * fine)[:, None]
        seen: dict[str, Any] = {
            "image": photo,
            "matrix": 0.6 * torch.eye(3) + 0.2 * torch.rand(3, 3, generator=generator),
            "offset": 0.1 * torch.rand(3, generator=generator),
        }
        shared: dict[str, Any] = {
            "statistics": torch.rand(1, 2, NORMALISED, generator=generator),
            "share": torch.tensor(0.2),
        }
        painted, found = _Paint(trained)(embedding=trained.embed(style), **seen, **shared)
        seen, shared = ({k: v.numpy() for k, v in words.items()} for words in (seen, shared))
        [embedding] = embed(image=style.numpy())
        pixels, _ = paint(embedding=embedding, **seen, **shared)
        [statistics] = measure(**seen)
        first = found[..., : statistics.shape[2]].numpy()
        apart = np.abs(pixels - painted.numpy()).max()
        unlike = np.abs(statistics - first).max() / np.abs(first).max()
        largest = float(np.max([largest, apart, unlike]))
    return largest
