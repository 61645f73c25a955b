"""Checkpoints: files from which a painting continues exactly.

The file is safetensors; see `sealed`.
"""

import copy
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import nn

from impasto._version import __version__
from impasto.errors import InputError, SettingError
from impasto.networks.reading import is_plain_float
from impasto.optimization import sealed
from impasto.optimization.inputs import Inputs
from impasto.optimization.solver import PATIENCE, Iterate, Solver, SolverState
from impasto.painting import StepRecord
from impasto.settings import INIT_WORDS
from impasto.system.files import write_file
from impasto.system.fingerprint import fingerprint
from impasto.system.paths import display_path, os_error_message, printable

_OTHER_VERSION = "not a checkpoint of this version of impasto; start again"

INTERVAL = 10.0
"""Seconds between two checkpoints of the same scale."""


@dataclass(frozen=True)
class RunFingerprint:
    """The inputs and settings of a run: runs with equal fingerprints make the same picture.

    Attributes:
        settings: all settings by name, as in JSON.
        content: fingerprint of the decoded content and its alpha.
        styles: fingerprint and weight of each decoded style.
        parts: fingerprint of each style's mask; None where the whole picture counts.
        regions: fingerprints of each region's mask and styles, and its weight.
        init: fingerprint of the first picture, where the settings name one.
        encoder: fingerprint of the weights of all encoders in use.
        version: of impasto.
    """

    settings: dict[str, Any]
    content: str
    styles: list[tuple[str, float]]
    parts: list[str | None]
    regions: list[tuple[str | None, str, float]]
    init: str | None
    encoder: str
    version: str = __version__


@dataclass(frozen=True)
class Checkpoint:
    """The fingerprint, the state and the trace of a run."""

    identity: RunFingerprint
    state: SolverState
    trace: list[StepRecord]


def identity(inputs: Inputs, encoders: Sequence[nn.Module]) -> RunFingerprint:
    """Compute the fingerprint of a run."""
    settings = inputs.settings
    chosen = json.loads(json.dumps(asdict(settings)))
    del chosen["threads"]  # they do not change the picture
    if settings.init not in INIT_WORDS:
        chosen["init"] = "a picture"  # its pixels matter, not its path
    for name in ("tile", "low_memory"):  # they only save memory
        del chosen[name]
    return RunFingerprint(
        settings=chosen,
        content=fingerprint(_given(inputs.content.samples, inputs.content.alpha)),
        styles=[(fingerprint([style.image]), style.weight) for style in inputs.styles],
        parts=[_optional_fingerprint(style.mask) for style in inputs.styles],
        regions=[
            (_optional_fingerprint(r.mask), fingerprint(s.image for s in r.style), r.weight)
            for r in inputs.scene.regions
            if r.mask is not None
        ],
        init=_optional_fingerprint(inputs.init),
        encoder=fingerprint(t.cpu() for e in encoders for t in e.state_dict().values()),
    )


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all, over the previous one.

    Raises:
        OutputError: the file cannot be written.
    """
    parts = {
        "identity": asdict(checkpoint.identity),
        "state": vars(checkpoint.state),
        "trace": [asdict(record) for record in checkpoint.trace],
    }
    write_file(path, sealed.pack(parts), overwrite=True)


def load(path: Path, device: torch.device) -> Checkpoint:
    """Read a checkpoint, with the canvas on the device; nothing in the file is executed.

    Raises:
        InputError: the file is missing, damaged, or not a checkpoint.
    """
    name = display_path(path)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as problem:
        raise InputError(f"{name}: {os_error_message(problem)}") from problem
    try:
        parts = sealed.unpack(content)
    except sealed.DamagedError as problem:
        raise InputError(
            f"{name}: the checkpoint is damaged or cut short; start again"
        ) from problem
    except sealed.OtherVersionError as problem:
        raise InputError(f"{name}: {_OTHER_VERSION}") from problem
    # A file of another kind can fail in any way.
    except Exception as problem:
        raise InputError(f"{name}: not a checkpoint of impasto; name another file") from problem
    try:
        state = SolverState(**parts["state"])
        state.canvas = parts["state"]["canvas"].to(device)
        trace = [StepRecord(**record) for record in parts["trace"]]
        checkpoint = Checkpoint(RunFingerprint(**parts["identity"]), state, trace)
        sound = _is_sound(checkpoint)
    # The digest is correct, so another program has written the file.
    except Exception as problem:
        raise InputError(f"{name}: {_OTHER_VERSION}") from problem
    if not sound:
        raise InputError(f"{name}: {_OTHER_VERSION}")
    return checkpoint


def check_same(path: Path, stored: RunFingerprint, current: RunFingerprint) -> None:
    """Check that a checkpoint belongs to this painting.

    Raises:
        SettingError: it does not; the message lists all differences.
    """
    if stored != current:
        differences = "; ".join(_differences(stored, current))
        raise SettingError(
            f"{display_path(path)}: the checkpoint is of another painting: {printable(differences)}"
        )


def check_fits(path: Path, solver: Solver) -> None:
    """Check that the solver can continue from the state in a checkpoint.

    Raises:
        InputError: it cannot, although the painting is the same: another program wrote the file.
    """
    name = display_path(path)
    if not _is_within(solver):
        raise InputError(f"{name}: {_OTHER_VERSION}")
    try:
        _dry_run(solver)
    # Optimizers do not check their state, and may fail in any way.
    except Exception as problem:
        raise InputError(f"{name}: {_OTHER_VERSION}") from problem


def _is_within(solver: Solver) -> bool:
    """Tell whether the solver could have produced this state."""
    state, scales = solver.state, solver.scales
    reached = state.scale if state.step else state.scale - 1
    steps = scales[state.scale].steps if state.scale < len(scales) else 0
    return (
        0 <= reached < len(scales)
        and state.step <= steps
        and state.canvas is not None
        and state.canvas.shape[-2:] == solver.size(reached)
    )


def _dry_run(solver: Solver) -> None:
    """Run one optimizer step on copies, with a dummy loss, to check the restored state."""
    state = copy.deepcopy(solver.state)
    if state.canvas is None or not state.step:
        return
    canvas = state.canvas.requires_grad_()

    def closure() -> torch.Tensor:
        canvas.grad = canvas.detach().clone()
        return canvas.detach().square().sum() / 2

    solver.optimizer(canvas, state.optimizer).step(closure)  # type: ignore[arg-type]


class Checkpointer:
    """Writes the checkpoints of a painting at intervals.

    Args:
        path: the file.
        run: fingerprint of the painting.
        solver: whose state is saved.
        trace: a list that grows while the solver paints.
    """

    def __init__(
        self, path: Path, run: RunFingerprint, solver: Solver, trace: list[StepRecord]
    ) -> None:
        self._path = path
        self._run = run
        self._solver = solver
        self._trace = trace
        self._saved = time.monotonic()

    def after(self, iterate: Iterate) -> None:
        """Save at the end of a scale, and if `INTERVAL` has passed."""
        ended = iterate.step == iterate.scales[iterate.scale].steps
        if ended or time.monotonic() - self._saved >= INTERVAL:
            self.save()

    def save(self) -> None:
        """Save now; the solver must be between two steps."""
        save(self._path, Checkpoint(self._run, self._solver.state, self._trace))
        self._saved = time.monotonic()


def _is_sound(checkpoint: Checkpoint) -> bool:
    """Tell whether all values have their types, as another program may have written the file.

    Raises:
        Exception: a value has a wrong type.
    """
    run, state = checkpoint.identity, checkpoint.state
    # Fails on tensors, as comparing a huge one would fill the memory.
    json.dumps(vars(run))
    texts = (run.content, run.encoder, run.version, *run.settings, *(s for s, _ in run.styles))
    whole = (state.scale, state.step, state.nonfinite_steps)
    seconds = [record.seconds for record in checkpoint.trace]
    numbers = [*seconds, *(w for _, w in run.styles), *_losses(checkpoint.trace)]
    return (
        isinstance(run.settings, dict)
        and all(isinstance(text, str) for text in texts)
        and all(type(number) is int and number >= 0 for number in whole)
        and state.nonfinite_steps <= PATIENCE
        and all(isinstance(number, float) for number in numbers)
        and len(seconds) > 0
        and is_plain_float(state.canvas)
        and state.canvas is not None
        and state.canvas.dtype == torch.float32
        and state.canvas.shape[:-2] == (1, 3)
        and bool(state.canvas.isfinite().all())
    )


def _losses(trace: Iterable[StepRecord]) -> Iterator[float]:
    return (loss for record in trace for loss in record.losses.values())


def _given(*arrays: ArrayLike | None) -> list[ArrayLike]:
    return [array for array in arrays if array is not None]


def _optional_fingerprint(array: ArrayLike | None) -> str | None:
    return None if array is None else fingerprint([array])


def _differences(stored: RunFingerprint, current: RunFingerprint) -> Iterator[str]:
    if stored.version != current.version:
        yield f"it is of impasto {stored.version}, this is {current.version}"
    for key in dict.fromkeys([*current.settings, *stored.settings]):
        before, now = stored.settings.get(key), current.settings.get(key)
        if before != now:
            yield f"{key.replace('_', '-')} was {_word(before)}, now {_word(now)}"
    if stored.content != current.content:
        yield "the content is another picture"
    if len(stored.styles) != len(current.styles):
        yield f"the number of styles was {len(stored.styles)}, now {len(current.styles)}"
    else:
        yield from _style_differences(stored.styles, current.styles)
    if stored.parts != current.parts:
        yield "the style regions have changed"
    if stored.regions != current.regions:
        yield "the regions have changed: their masks, styles or weights"
    if stored.init != current.init:
        yield "the first picture (init) is another picture"
    if stored.encoder != current.encoder:
        yield "the encoder's weights have changed"


def _style_differences(
    stored: Sequence[tuple[str, float]], current: Sequence[tuple[str, float]]
) -> Iterator[str]:
    pairs = enumerate(zip(stored, current, strict=True), start=1)
    for number, ((old, old_weight), (new, new_weight)) in pairs:
        if old != new:
            yield f"style {number} is another picture"
        if old_weight != new_weight:
            yield f"the weight of style {number} was {old_weight:g}, now {new_weight:g}"


def _word(value: Any) -> str:
    """Format a setting's value as the user does."""
    if value is None:
        return "the default"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
