"""`optimize`: paint by optimization, at once or step by step."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impasto.api.sources import (
    RegionSource,
    SceneLoader,
    Source,
    Styles,
    check_is_visible,
    photo_mask,
    style_picture,
    weighted,
)
from impasto.errors import SettingError
from impasto.image import files, hidden, masks
from impasto.image.resize import resize
from impasto.image.samples import FloatImage, to_float
from impasto.painting import Painting
from impasto.scene import Region, Scene
from impasto.schema import region_weight
from impasto.settings import INIT_WORDS, OptimizeSettings, StylizeSettings, with_options
from impasto.system import cores
from impasto.system.extras import require

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Unpack

    from impasto.networks.vgg import VGG
    from impasto.optimization.checkpoint import Checkpointer
    from impasto.optimization.inputs import Inputs
    from impasto.optimization.regions import StylePicture
    from impasto.optimization.schedule import Scale
    from impasto.optimization.solver import Iterate, Solver
    from impasto.painting import StepRecord
    from impasto.settings import OptimizeOptions


@dataclass(frozen=True, eq=False)
class Step:
    """The state after a step of the optimization.

    It holds the picture after the step, so a list of all steps takes much memory. It can be pickled
    and sent to another process, together with the photo and the styles.

    Attributes:
        losses: weighted parts by the names of the terms ("content", "structure", "style", "tv",
            "palette", "tone") and their "total", before the step.
        scale: index into `scales`.
        scales: each with the long `side` of its picture in pixels and its number of `steps`.
        step: of the current scale, from 1.
        done: the fraction of the work that is done, in [0, 1].
        seconds_left: an estimate; infinity while it is unknown.
        notices: new warnings for the user, one line each.
    """

    losses: dict[str, float]
    scale: int
    scales: "tuple[Scale, ...]"
    step: int
    done: float
    seconds_left: float
    notices: tuple[str, ...]
    _image: "Tensor" = field(repr=False)
    _inputs: "Inputs" = field(repr=False)
    _told: "tuple[tuple[str, ...], Sequence[StepRecord], int]" = field(repr=False)
    """All notices so far, the growing trace, and its length at this step."""

    def picture(self) -> FloatImage:
        """Return the picture so far, (h, w, 3) float32 in [0, 1], at the size of the current scale.

        Each call copies it from the device and computes its final colours.
        """
        pixels: FloatImage = self._image[0].permute(1, 2, 0).cpu().numpy()
        return self._inputs.finish(np.ascontiguousarray(pixels))

    def painting(self) -> Painting:
        """Return the picture so far as a painting, with the content's alpha and metadata.

        At the last scale it is enlarged to the requested size, if that is larger.
        """
        content = self._inputs.content
        samples = self._inputs.enlarge(self.picture())
        alpha = content.alpha
        if alpha is not None:
            alpha = resize(alpha, (samples.shape[1], samples.shape[0]))
        notices, trace, steps = self._told
        return Painting(samples, alpha, content.metadata, notices, tuple(trace[:steps]))


def optimize(
    content: Source,
    style: Styles = (),
    *,
    regions: Sequence[RegionSource] = (),
    style_regions: Sequence[Source | None] = (),
    on_step: Callable[[Step], None] | None = None,
    weights: str | Path | None = None,
    device: str | None = None,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    settings: OptimizeSettings | None = None,
    **options: "Unpack[OptimizeOptions]",
) -> Painting:
    """Paint `content` in the style `style` by optimization (Gatys et al. 2015 and later).

        impasto.optimize("photo.jpg", "wave.jpg", size=512).save("painting.png")
        impasto.optimize("photo.jpg", [("wave.jpg", 2), ("flow.jpg", 1)], quality="best")
        impasto.optimize("photo.jpg", "wave.jpg", regions=[("sky.png", "flow.jpg")])

    Args:
        content: the photo.
        style: one picture, or several, each alone or in a pair with its weight; the name of a
            built-in style stands for its picture. With regions there may be none: the photo then
            stays unchanged outside the regions.
        regions: parts of the painting with their own styles: a mask, a style, and optionally the
            fraction of the strength to use there; all as for `stylize`.
        style_regions: a mask for each style, in order: the part of it to use; None for all of it.
        on_step: called after every step.
        weights: a file of weights for the encoder, instead of the shipped or official ones.
        device: "cpu", "cuda", "cuda:1" or "mps"; by default the fastest.
        checkpoint: a file to which the state is written every few seconds.
        resume: such a file; the painting continues exactly from there, and writes its checkpoints
            to it unless `checkpoint` names another file.
        settings: how to paint.
        options: fields of `OptimizeSettings`, which override `settings`.

    Raises:
        InputError: a picture, the weights or the checkpoint cannot be used.
        SettingError: a setting is out of bounds, or the checkpoint belongs to another painting.
        WeightsError: the encoder's weights are missing or damaged.
        OutputError: the checkpoint cannot be written.
        DeviceError: the device is absent, or its memory is too small.
        MissingExtraError: PyTorch is not installed.
    """
    steps = optimize_steps(
        content,
        style,
        regions=regions,
        style_regions=style_regions,
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
    style: Styles = (),
    *,
    regions: Sequence[RegionSource] = (),
    style_regions: Sequence[Source | None] = (),
    weights: str | Path | None = None,
    device: str | None = None,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    settings: OptimizeSettings | None = None,
    **options: "Unpack[OptimizeOptions]",
) -> Generator[Step, None, None]:
    """Paint as `optimize`, step by step.

        for step in impasto.optimize_steps("photo.jpg", "wave.jpg"):
            print(step.losses["total"])
        step.painting().save("painting.png")

    The call checks pictures, settings and the checkpoint; the work begins with the first step. An
    iterator that is closed early writes the checkpoint once more.
    """
    require("optimization", "torch", "torch", "safetensors")
    from impasto.networks import device as devices
    from impasto.optimization import checkpoint as checkpoints
    from impasto.optimization.solver import Solver

    chosen = _with_first_picture(with_options(settings or OptimizeSettings(), options))
    place = devices.choose(device, chosen.threads)
    inputs, notices = _load(content, style, regions, style_regions, chosen)
    networks = _encoders(chosen, weights)
    path = checkpoint or resume
    identity = checkpoints.identity(inputs, networks) if path else None
    state, trace = None, []
    if resume and identity:
        restored = checkpoints.load(Path(resume), place)
        checkpoints.check_same(Path(resume), restored.identity, identity)
        state, trace = restored.state, restored.trace
    first = None
    if chosen.init == "fast" and state is None:
        first, more = _painted_fast(inputs, device)
        notices += more
    images = inputs.images(first, place)
    precision = devices.precision(chosen.precision, place)
    coarse, *fine = (network.to(place).compute_in(precision) for network in networks)
    solver = Solver(coarse, images, chosen, state, fine=fine[0] if fine else None)
    if resume:
        checkpoints.check_fits(Path(resume), solver)
    keeper = (
        checkpoints.Checkpointer(Path(path), identity, solver, trace) if path and identity else None
    )
    return _Run(inputs, notices, solver, trace, keeper).steps()


def _with_first_picture(settings: OptimizeSettings) -> OptimizeSettings:
    """Replace `init` auto by what it stands for.

    The single pass keeps the subject and saves the coarsest scale, where faces get lost. With the
    many steps of `best` the photo is the freer start.
    """
    if settings.init != "auto":
        return settings
    return replace(settings, init="content" if settings.quality == "best" else "fast")


def _encoders(settings: OptimizeSettings, weights: str | Path | None) -> "list[VGG]":
    """Load the encoder, and a second one for fine scales if it differs."""
    from impasto.networks import encoders

    names: list[encoders.EncoderName]
    if settings.encoder != "auto":
        names = [settings.encoder]
    elif weights is not None:
        names = [encoders.recognize(Path(weights))]
    elif settings.first_padding == "zero":  # the compact encoder cannot
        names = ["vgg16"]
    else:
        names = ["vgg16", "compact"]
    return [
        encoders.load(
            name,
            weights=None if weights is None else Path(weights),
            pooling=settings.pooling,
            first_padding=settings.first_padding,
        )
        for name in names
    ]


def _load(
    content: Source,
    style: Styles,
    regions: Sequence[RegionSource],
    style_regions: Sequence[Source | None],
    settings: OptimizeSettings,
) -> "tuple[Inputs, tuple[str, ...]]":
    """Load the photo, styles and masks, and collect their notices.

    Raises:
        InputError: a picture or mask cannot be used.
        SettingError: there is no style, a weight is out of bounds, or there are more style regions
            than styles.
    """
    from impasto.optimization.inputs import Inputs
    from impasto.optimization.regions import StylePicture

    styles, regions, style_regions = weighted(style), list(regions), list(style_regions)
    if not styles and not regions:
        raise SettingError("there is no style; name at least one picture")
    if len(style_regions) > len(styles):
        raise SettingError(
            f"there are more style regions ({len(style_regions)}) than styles ({len(styles)}); "
            "give one for each style, in order"
        )
    style_masks = [*style_regions, *[None] * (len(styles) - len(style_regions))]
    loader = SceneLoader()
    photo = loader.picture(content)

    def mask_of(name: str, source: Source) -> masks.Mask:
        mask = loader.mask(name, source)
        return photo_mask(name, photo) if isinstance(mask, str) else mask

    def picture(
        source: Source, weight: float, mask: Source | None = None
    ) -> "StylePicture[FloatImage]":
        counted = None if mask is None else mask_of("the style region", mask)
        shown = loader.picture(style_picture(source))
        check_is_visible(shown)
        visible = hidden.visible(shown.alpha)  # hidden parts do not count
        if counted is not None and visible is not None:
            counted = masks.resize(counted, shown.size)
        return StylePicture(shown.pixels, weight, masks.both(counted, visible))

    def loaded(name: str, region: Region) -> Region:
        weight = region_weight(name, region.weight)
        mask = mask_of(name, region.mask)
        return Region(mask, [picture(*pair) for pair in weighted(region.style)], weight)

    pairs = zip(styles, style_masks, strict=True)
    everywhere = [picture(source, weight, mask) for (source, weight), mask in pairs]
    scene = [loaded(f"region {n}", Region(*region)) for n, region in enumerate(regions, start=1)]
    if everywhere:
        scene.append(Region(None, [style for style in everywhere if style.weight > 0]))
    init = None if settings.init in INIT_WORDS else loader.picture(Path(settings.init)).pixels
    return Inputs(settings, Scene(photo, tuple(scene)), init), tuple(loader.notices)


def _painted_fast(inputs: "Inputs", device: str | None) -> "tuple[FloatImage, tuple[str, ...]]":
    """Paint the photo in one pass with the same settings; return the picture and notices.

    If only a part of a style counts, the rectangle around it is used.
    """
    from impasto.feedforward.model import open_models
    from impasto.feedforward.render import render

    chosen = inputs.settings
    settings = StylizeSettings(
        strength=chosen.strength,
        brush=chosen.brush,
        contrast=chosen.contrast,
        threads=chosen.threads,
        device="cpu" if device and device.startswith("cpu") else "auto",
    )
    models = open_models(None, settings.device, settings.threads)
    photo = inputs.photo()
    alpha = inputs.content.alpha
    if alpha is not None:
        alpha = resize(alpha, (photo.shape[1], photo.shape[0]))
    regions = []
    for region in inputs.regions(photo):
        pictures = [(masks.crop(style.image, style.mask), style.weight) for style in region.style]
        regions.append(region._replace(style=SceneLoader().mixture(pictures, models)))
    with cores.limited(settings.threads):
        rendering = render(Scene(files.Picture(photo, alpha), tuple(regions)), settings)
    return to_float(rendering.samples).clip(0, 1), rendering.notices


class _Run:
    """Converts the solver's iterates to steps, and records the trace and checkpoints."""

    def __init__(
        self,
        inputs: "Inputs",
        notices: tuple[str, ...],
        solver: "Solver",
        trace: "list[StepRecord]",
        keeper: "Checkpointer | None",
    ) -> None:
        self._inputs = inputs
        self._first_notices = notices
        self._solver = solver
        self._trace = trace
        self._keeper = keeper
        self._notices: tuple[str, ...] = ()
        self._started = time.monotonic() - (trace[-1].seconds if trace else 0)

    def steps(self) -> Generator[Step, None, None]:
        """Yield the remaining steps, or the last one of a run that was finished before."""
        iterate = None
        unsaid = self._first_notices
        for iterate in self._solver:
            self._record(iterate)
            if self._keeper is not None:
                self._keeper.after(iterate)
            try:
                yield self._step(iterate, unsaid)
            except GeneratorExit:
                if self._keeper is not None:
                    self._keeper.save()
                raise
            unsaid = ()
        if iterate is None:
            yield self._step(self._finished(), unsaid)

    def _record(self, iterate: "Iterate") -> None:
        from impasto.painting import StepRecord

        if iterate.losses:
            side = iterate.scales[iterate.scale].side
            seconds = round(time.monotonic() - self._started, 3)
            self._trace.append(
                StepRecord(iterate.scale, side, iterate.step, seconds, iterate.losses)
            )

    def _step(self, iterate: "Iterate", notices: tuple[str, ...]) -> Step:
        if iterate.notice:
            notices = (*notices, iterate.notice)
        self._notices += notices
        return Step(
            losses=self._trace[-1].losses,
            scale=iterate.scale,
            scales=iterate.scales,
            step=iterate.step,
            done=iterate.done,
            seconds_left=iterate.seconds_left,
            notices=notices,
            _image=iterate.image,
            _inputs=self._inputs,
            _told=(self._notices, self._trace, len(self._trace)),
        )

    def _finished(self) -> "Iterate":
        """Rebuild the last iterate of a run that was finished before it was resumed."""
        from impasto.optimization.parametrization import to_rgb
        from impasto.optimization.solver import Iterate

        scales = self._solver.scales
        canvas = self._solver.state.canvas
        assert canvas is not None, "a finished run has a picture"
        image = to_rgb(canvas).clamp(0, 1)
        return Iterate(image, {}, len(scales) - 1, scales, scales[-1].steps, 0.0)
