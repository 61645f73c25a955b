"""The verbs of the Python library: here files, styles and engines meet."""

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import SettingError
from impasto.extras import require
from impasto.image import files, output
from impasto.image.files import Picture
from impasto.image.resize import fit, resize
from impasto.settings import INIT_WORDS, LARGEST_DEFAULT, Device, OptimizeSettings, StylizeSettings
from impasto.styles.embedding import Style, blend

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from impasto.networks.vgg import VGG
    from impasto.optimize.checkpoint import Identity, Keeper
    from impasto.optimize.schedule import Scale
    from impasto.optimize.solver import Images, Solver, State
    from impasto.optimize.trace import Record

Source: TypeAlias = str | Path | Image.Image | NDArray[Any]
"""A picture as a user has it: a file, a Pillow image, or an array; see `image.files.load`."""

Styles: TypeAlias = Source | Sequence[Source | tuple[Source, float]]
"""One style, or several, each alone or with its weight."""

StyleSource: TypeAlias = Source | Style
"""A style as a user has it; see `load_style`."""

StyleSources: TypeAlias = StyleSource | Sequence[StyleSource | tuple[StyleSource, float]]
"""One style, or several, each alone or with its weight."""


@dataclass(frozen=True, eq=False)
class Painting:
    """A finished picture, or one so far.

    Attributes:
        pixels: (H, W, 3) float32 in [0, 1], sRGB-encoded RGB.
        alpha: (H, W) float32 in [0, 1], the content's, or None where all is opaque.
        exif: the content's, without orientation and thumbnail, or None.
        notices: one line each on what the user should know.
        losses: the trace of the steps.
    """

    pixels: NDArray[np.float32] = field(repr=False)
    alpha: NDArray[np.float32] | None = field(repr=False)
    exif: bytes | None = field(repr=False)
    notices: tuple[str, ...]
    losses: "tuple[Record, ...]" = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes a PNG, JPEG, WebP, TIFF or BMP, as the name's suffix says.

        Raises:
            OutputError: the file exists and is not to be replaced, or cannot be written.
        """
        output.write(Path(path), self.pixels, alpha=self.alpha, exif=self.exif, overwrite=overwrite)

    def to_pil(self) -> Image.Image:
        """An 8-bit Pillow image: RGBA where there is alpha, else RGB."""
        planes = self.pixels if self.alpha is None else np.dstack([self.pixels, self.alpha])
        return Image.fromarray(np.rint(planes.clip(0, 1) * 255).astype(np.uint8))


@dataclass(frozen=True, eq=False)
class Step:
    """What one step of the optimization brought.

    It keeps the picture as it is after the step, so a list of all steps takes much memory.

    Attributes:
        losses: weighted parts ("content", "style", "tv") and their "total", before the step.
        scale: index into `scales`.
        scales: each with the long `side` of its picture in pixels and its number of `steps`.
        step: of the current scale, from 1.
        done: the part of the whole work that is done, in [0, 1].
        seconds_left: an estimate.
        notices: one line each on what the user should know, said once.
    """

    losses: dict[str, float]
    scale: int
    scales: "tuple[Scale, ...]"
    step: int
    done: float
    seconds_left: float
    notices: tuple[str, ...]
    _image: "Tensor" = field(repr=False)
    _finish: Callable[[NDArray[np.float32]], NDArray[np.float32]] = field(repr=False)
    _frame: Callable[[NDArray[np.float32]], Painting] = field(repr=False)

    def picture(self) -> NDArray[np.float32]:
        """The picture so far, (h, w, 3) float32 in [0, 1], at the size of the current scale.

        Copied from the device and given its colours at every call, hence not done for steps
        that nobody looks at.
        """
        pixels: NDArray[np.float32] = self._image[0].permute(1, 2, 0).cpu().numpy()
        return self._finish(np.ascontiguousarray(pixels))

    def painting(self) -> Painting:
        """The picture so far with the content's alpha and EXIF; the last step's is finished."""
        return self._frame(self.picture())


def stylize(
    content: Source,
    style: StyleSources,
    *,
    settings: StylizeSettings | None = None,
    **options: Any,
) -> Painting:
    """Paints `content` in the manner of `style` in one pass, without PyTorch.

        impasto.stylize("photo.jpg", "great-wave").save("painting.png")
        impasto.stylize("photo.jpg", [("wave.jpg", 2), ("starry-night", 1)], strength=0.7)

    Args:
        content: the photo.
        style: one style, or several, each alone or in a pair with its weight; see `load_style`.
        settings: how to paint, and on which device.
        options: fields of `StylizeSettings`, over those in `settings`.

    Raises:
        InputError: a picture or a style cannot be used.
        SettingError: a setting is out of bounds.
        DeviceError: the device is absent or its memory too small.
        WeightsError: the networks that ship with impasto are missing or damaged.
    """
    from impasto.feedforward.stylizer import render

    chosen = replace(settings or StylizeSettings(), **options)
    photo = files.load(content)
    size = photo.size if chosen.size is None else fit(photo.size, chosen.size)
    if min(size) < files.MIN_SIDE:
        raise SettingError(
            f"size {chosen.size} makes a painting of {size[0]} x {size[1]} pixels; "
            f"both sides need at least {files.MIN_SIDE}"
        )
    mixed = load_style(style, scale=chosen.style_scale, device=chosen.device)
    pixels, alpha = photo.pixels, photo.alpha
    if size != photo.size:
        pixels = resize(pixels, size)
        alpha = None if alpha is None else resize(alpha, size)
    painted = render(pixels, mixed, strength=chosen.strength, device=chosen.device)
    return Painting(painted, alpha, photo.exif, photo.notices, losses=())


def load_style(source: StyleSources, *, scale: float = 1.0, device: Device = "auto") -> Style:
    """A style, from whatever holds one; or several mixed, each alone or with its weight.

    Args:
        source: a picture, as in `image.files.load`; a file that `save_style` wrote; the name of
            a style in the library (a file of that name comes first); or a style, as it is.
        scale: size of the strokes. Only a picture can be seen at a scale other than 1.
        device: as in `StylizeSettings`.

    Raises:
        InputError: a source is no picture, no style, and no name of one.
        SettingError: there is none, a weight is negative, the scale is out of bounds, or a
            source is no picture and it is not 1.
        DeviceError, WeightsError: as `stylize`.
    """
    one = (str, Path, Image.Image, np.ndarray, Style)
    sources = [source] if isinstance(source, one) else source
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in sources]
    styles = [_load_one_style(item, scale, device) for item, _ in pairs]
    return blend(styles, [weight for _, weight in pairs])


def save_style(style: Style, path: str | Path, *, overwrite: bool = False) -> None:
    """Writes a style to an `.npz` file of a few KB, for `load_style`.

    Raises:
        OutputError: the file exists and is not to be replaced, or cannot be written.
    """
    from impasto.styles import storage

    storage.save(Path(path), {Path(path).stem: style}, overwrite=overwrite)


def _load_one_style(source: StyleSource, scale: float, device: Device) -> Style:
    if isinstance(source, Style):
        ready = source
    elif (stored := _stored_style(source)) is not None:
        ready = stored
    else:
        from impasto.feedforward.encoder import encode

        return encode(files.load(source).pixels, scale=scale, device=device)
    if scale != 1:
        raise SettingError(
            f"style-scale is {scale:g}, but {ready.title or 'the style'!r} is no picture and is "
            "known at 1 only; give its picture"
        )
    return ready


def _stored_style(source: Source) -> Style | None:
    """The style in a file of its own, or in the library; None if the source is a picture."""
    from impasto.styles import library, storage

    if not isinstance(source, (str, Path)):
        return None
    path = Path(source)
    if not path.exists():
        return library.find(str(source))
    return library.read(path) if path.suffix.lower() == storage.SUFFIX else None


def optimize(
    content: Source,
    style: Styles,
    *,
    on_step: Callable[[Step], None] | None = None,
    weights: str | Path | None = None,
    device: str | None = None,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    settings: OptimizeSettings | None = None,
    **options: Any,
) -> Painting:
    """Paints `content` in the manner of `style` by optimization (Gatys et al. 2015 and after).

        impasto.optimize("photo.jpg", "wave.jpg", size=512).save("painting.png")
        impasto.optimize("photo.jpg", [("wave.jpg", 2), ("flow.jpg", 1)], quality="best")

    Args:
        content: the photo.
        style: one picture, or several, each alone or in a pair with its weight.
        on_step: called after every step.
        weights: a file of weights for the encoder in place of the shipped or official ones.
        device: "cpu", "cuda", "cuda:1" or "mps"; by default the fastest there is.
        checkpoint: a file to which the state is written every few seconds.
        resume: a file so written; the painting goes on where it stood, exactly, and goes on
            writing there unless `checkpoint` names another file.
        settings: how to paint.
        options: fields of `OptimizeSettings`, over those in `settings`.

    Raises:
        InputError: a picture, the weights or the checkpoint cannot be used.
        SettingError: a setting is out of bounds, a picture too small for the encoder, or the
            checkpoint of another painting.
        WeightsError: the encoder's weights are missing or damaged.
        OutputError: the checkpoint cannot be written.
        DeviceError: the device is absent or its memory too small.
        MissingExtraError: PyTorch is not installed.
    """
    steps = optimize_steps(
        content,
        style,
        weights=weights,
        device=device,
        checkpoint=checkpoint,
        resume=resume,
        settings=settings,
        **options,
    )
    with closing(steps):
        for step in steps:
            if on_step is not None:
                on_step(step)
    return step.painting()


def optimize_steps(
    content: Source,
    style: Styles,
    *,
    weights: str | Path | None = None,
    device: str | None = None,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    settings: OptimizeSettings | None = None,
    **options: Any,
) -> Generator[Step, None, None]:
    """As `optimize`, step by step.

        for step in impasto.optimize_steps("photo.jpg", "wave.jpg"):
            print(step.losses["total"])
        step.painting().save("painting.png")

    Pictures, settings and checkpoint are examined at the call, the work begins with the first
    step. Left early, the iterator writes the checkpoint once more.
    """
    require("optimization", "torch", "torch", "safetensors")
    from impasto.networks.weights import encoder
    from impasto.optimize import checkpoint as checkpoints
    from impasto.optimize import device as devices
    from impasto.optimize.solver import Solver

    chosen = replace(settings or OptimizeSettings(), **options)
    place = devices.choose(device)
    pictures = _load(content, style, chosen)
    network = encoder(
        chosen.encoder,
        weights=None if weights is None else Path(weights),
        pooling=chosen.pooling,
        first_padding=chosen.first_padding,
    )
    path = checkpoint or resume
    identity = pictures.identity(network) if path else None
    position, trace = None, []
    if resume and identity:
        found = checkpoints.load(Path(resume), place)
        checkpoints.check_same(Path(resume), found.identity, identity)
        position, trace = found.position, found.trace
    images = pictures.images(place)
    network = network.to(place).compute_in(devices.precision(chosen.precision, place))
    solver = Solver(network, images, chosen, position)
    keeper = checkpoints.Keeper(Path(path), identity, solver, trace) if path and identity else None
    return _Run(pictures, solver, trace, keeper).steps()


@dataclass(frozen=True)
class _Pictures:
    """The decoded inputs of a painting, and how it is to be painted."""

    settings: OptimizeSettings
    content: Picture
    styles: list[tuple[Picture, float]]
    init: Picture | None

    @property
    def notices(self) -> tuple[str, ...]:
        pictures = [self.content, *(style for style, _ in self.styles)]
        if self.init is not None:
            pictures.append(self.init)
        return tuple(dict.fromkeys(line for picture in pictures for line in picture.notices))

    def identity(self, encoder: "VGG") -> "Identity":
        """What a checkpoint must agree with."""
        from impasto.optimize import checkpoint

        styles = [(style.pixels, weight) for style, weight in self.styles]
        init = None if self.init is None else self.init.pixels
        return checkpoint.identity(self.settings, self.content.pixels, styles, init, encoder)

    def images(self, device: "torch.device") -> "Images":
        """The tensors to paint with, the content at the size of the painting."""
        from impasto.optimize.solver import Images

        photo = self._photo()
        prepared = [(self._prepared(style, photo), weight) for style, weight in self.styles]
        content = _tensor(photo, device)
        styles = [(_tensor(pixels, device), weight) for pixels, weight in prepared]
        if self.settings.init == "content":
            return Images(content, styles, first=content)
        if self.settings.init == "noise":
            return Images(content, styles, first=None)
        if self.settings.init == "fast":
            return Images(content, styles, first=_tensor(_painted_fast(photo, prepared), device))
        first = prepared[0][0] if self.init is None else self.init.pixels
        covering = _covering(first, (photo.shape[1], photo.shape[0]))
        return Images(content, styles, first=_tensor(covering, device))

    def finish(self, painted: NDArray[np.float32]) -> NDArray[np.float32]:
        """A picture of the solver's, of any scale, in its final colours."""
        from impasto.optimize import colours

        photo = resize(self.content.pixels, (painted.shape[1], painted.shape[0]))
        return colours.finish(painted, photo, self.settings.colour)

    def _photo(self) -> NDArray[np.float32]:
        """The content at the size of the painting."""
        size = self.settings.size or min(LARGEST_DEFAULT, max(self.content.size))
        return resize(self.content.pixels, fit(self.content.size, size))

    def _prepared(self, style: Picture, photo: NDArray[np.float32]) -> NDArray[np.float32]:
        from impasto.optimize import colours

        return colours.prepare(style.pixels, photo, self.settings.colour)


def _load(content: Source, style: Styles, settings: OptimizeSettings) -> _Pictures:
    """Decodes what is to be painted.

    Raises:
        InputError: a picture cannot be used.
        SettingError: there is no style, or one with a weight that is no positive number.
    """
    styles = _weighted(style)
    photo = files.load(content)
    pictures = [(files.load(source), weight) for source, weight in styles]
    init = None if settings.init in INIT_WORDS else files.read(settings.init)
    return _Pictures(settings, photo, pictures, init)


def _painted_fast(
    photo: NDArray[np.float32], styles: list[tuple[NDArray[np.float32], float]]
) -> NDArray[np.float32]:
    """The photo painted in one pass."""
    from impasto.feedforward.encoder import encode
    from impasto.feedforward.stylizer import render

    seen = [encode(pixels) for pixels, _ in styles]
    return render(photo, blend(seen, [weight for _, weight in styles]))


def _weighted(style: Styles) -> list[tuple[Source, float]]:
    if isinstance(style, (str, Path, Image.Image, np.ndarray)):
        return [(style, 1.0)]
    if not len(style):
        raise SettingError("there is no style; name at least one picture")
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in style]
    for number, (_, weight) in enumerate(pairs, start=1):
        if not (math.isfinite(weight) and weight > 0):
            raise SettingError(f"the weight of style {number} is {weight:g}; it must be above 0")
    return [(source, float(weight)) for source, weight in pairs]


def _covering(pixels: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W, 3) at `size` (width, height), its middle cut out where the shapes differ."""
    width, height = size
    rows, columns = pixels.shape[:2]
    scale = min(columns / width, rows / height)
    kept_rows, kept_columns = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    return resize(pixels[top : top + kept_rows, left : left + kept_columns], size)


def _tensor(pixels: NDArray[np.float32], device: "torch.device") -> "Tensor":
    """(1, 3, H, W) from (H, W, 3)."""
    import torch

    return torch.tensor(pixels, device=device).permute(2, 0, 1)[None].contiguous()


class _Run:
    """A painting under way: gives out the solver's states as steps, traced and kept."""

    def __init__(
        self,
        pictures: _Pictures,
        solver: "Solver",
        trace: "list[Record]",
        keeper: "Keeper | None",
    ) -> None:
        self._pictures = pictures
        self._solver = solver
        self._trace = trace
        self._keeper = keeper
        self._notices: tuple[str, ...] = ()
        self._started = time.monotonic() - (trace[-1].seconds if trace else 0)

    def steps(self) -> Generator[Step, None, None]:
        """The steps to do; of a run that was done already, its last one."""
        state = None
        unsaid = self._pictures.notices
        for state in self._solver:
            self._record(state)
            if self._keeper is not None:
                self._keeper.after(state)
            try:
                yield self._step(state, unsaid)
            except GeneratorExit:
                if self._keeper is not None:
                    self._keeper.save()
                raise
            unsaid = ()
        if state is None:
            yield self._step(self._finished(), unsaid)

    def _record(self, state: "State") -> None:
        from impasto.optimize.trace import Record

        if state.losses:
            side = state.scales[state.scale].side
            seconds = round(time.monotonic() - self._started, 3)
            self._trace.append(Record(state.scale, side, state.step, seconds, state.losses))

    def _step(self, state: "State", notices: tuple[str, ...]) -> Step:
        if state.notice:
            notices = (*notices, state.notice)
        self._notices += notices
        return Step(
            losses=self._trace[-1].losses,
            scale=state.scale,
            scales=state.scales,
            step=state.step,
            done=state.done,
            seconds_left=state.seconds_left,
            notices=notices,
            _image=state.image,
            _finish=self._pictures.finish,
            _frame=partial(self._painting, self._notices, len(self._trace)),
        )

    def _painting(
        self, notices: tuple[str, ...], steps: int, pixels: NDArray[np.float32]
    ) -> Painting:
        content = self._pictures.content
        alpha = content.alpha
        if alpha is not None:
            alpha = resize(alpha, (pixels.shape[1], pixels.shape[0]))
        return Painting(pixels, alpha, content.exif, notices, tuple(self._trace[:steps]))

    def _finished(self) -> "State":
        """The last state of a run that was finished before it was resumed."""
        from impasto.optimize.canvas import to_image
        from impasto.optimize.solver import State

        scales = self._solver.scales
        canvas = self._solver.position.canvas
        assert canvas is not None, "a finished run has a picture"
        image = to_image(canvas).clamp(0, 1)
        return State(image, {}, len(scales) - 1, scales, scales[-1].steps, 0.0)
