"""`impasto doctor`: show what is installed, and test both engines."""

import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, get_args

import typer

from impasto._version import __version__
from impasto.cli.weights import place, state
from impasto.errors import AbsentDeviceError, ImpastoError
from impasto.settings import LARGEST, Device, OptimizeSettings
from impasto.system.extras import require

if TYPE_CHECKING:
    from PIL import Image

    from impasto.painting import Painting

STYLE = "great-wave"
"""The built-in style for the test picture."""

SIDE, STEPS = 64, 3
"""Size and number of steps of the test of `optimize`."""

EXTRAS = ("torch", "export", "web")
HEIF = "pillow-heif"


def doctor() -> None:
    """Show what is installed, and paint a test picture with both engines.

    The exit code is 1 if a picture cannot be painted. Nothing is sent anywhere. Your home folder is
    written as ~, so that you can paste the output into a bug report.
    """
    for line in (*_machine(), "", *_packages(), "", *_files(), ""):
        typer.echo(without_home(line))
    failed = False
    typer.echo("self-test, with the time to load:")
    for result in _results():
        typer.echo(f"  {result.name}: {without_home(result.outcome)}")
        failed = failed or result.failed
    if failed:
        raise ImpastoError("the self-test failed; see the lines above")
    typer.echo("all is well")


@dataclass(frozen=True)
class Result:
    """The outcome of a test of an engine on a device."""

    name: str
    outcome: str
    failed: bool = False


def _machine() -> list[str]:
    return [
        f"impasto {__version__}",
        f"Python {platform.python_version()} in {sys.prefix}",
        f"{platform.platform()}, {os.cpu_count()} processors",
    ]


def _packages() -> Iterator[str]:
    """List the packages that impasto needs, and the versions that are installed."""
    yield "packages:"
    for name, extra in requirements().items():
        install = f"impasto[{extra}]" if extra else name
        yield f"  {name} ({extra or 'needed'}): {_present(name, install)}"
    yield f"  {HEIF} (HEIC photos): {_present(HEIF, HEIF)}"


def _present(name: str, install: str) -> str:
    """Find a package's version, or say how to install it."""
    return _version(name) or f'not installed: pip install "{install}"'


def requirements() -> dict[str, str]:
    """List the packages that impasto needs, each with the first extra that includes it.

    The extra is "" for packages of the core. The list is empty if impasto is not installed but runs
    from a folder.
    """
    from importlib import metadata

    try:
        lines = metadata.requires("impasto") or []
    except metadata.PackageNotFoundError:
        return {}
    extras: dict[str, str] = {}
    for name in ("", *EXTRAS):
        for line in lines:
            package, _, marker = line.partition(";")
            extra = re.search(r"extra == ['\"](\w+)", marker)
            if (extra[1] if extra else "") == name:
                extras.setdefault(re.split(r"[^\w.-]", package.strip())[0], name)
    return extras


def _version(name: str) -> str | None:
    """Find a package's version; ONNX Runtime has a package for each kind of device."""
    from importlib import metadata  # slow to import

    if name != "onnxruntime":
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None
    names = {
        str(distribution.metadata["Name"]): distribution.version
        for distribution in metadata.distributions()
    }
    builds = {key: names[key] for key in sorted(names) if key.startswith(name)}
    if list(builds) == [name]:
        return builds[name]
    return ", ".join(f"{key} {version}" for key, version in builds.items()) or None


def _files() -> Iterator[str]:
    from impasto.styles import names

    yield "files:"
    yield f"  networks and styles that ship: {names.CATALOGUE.parent}"
    try:
        _, problem = names.own_styles()
        own_styles = f"{len(names.own())} in {names.user_folder()}"
        yield f"  your own styles: {own_styles}" if problem is None else f"  {problem}"
    except ImpastoError as problem:
        yield f"  your own styles: {problem}"
    if _version("pooch") is None:  # it finds the cache
        return
    from impasto.networks import downloads

    for name in downloads.OFFICIAL:
        yield f"  {name}: {state(name)}, {place(name)}"


def _results() -> Iterator[Result]:
    """Test every engine on every device."""
    for device in get_args(Device):
        if device != "auto":
            yield self_test(f"stylize on {device}", partial(_stylize, device))
    try:
        require("optimize", "torch", "torch", "safetensors")
    except ImpastoError as problem:
        yield Result("optimize", str(problem).removeprefix("optimize "))
        return
    yield from _optimize_results()


def _optimize_results() -> Iterator[Result]:
    try:
        from impasto.networks import device as devices
    except Exception as problem:  # PyTorch is installed but cannot be loaded
        yield Result("optimize", _first_line(problem), failed=True)
        return
    for device in devices.available():
        result = self_test(f"optimize on {device}", partial(_optimize, device))
        yield result
        if not result.failed:
            yield Result(f"memory of {device}", _memory(device))


def self_test(name: str, paint: Callable[[], "Painting"]) -> Result:
    """Paint and check the picture; any error becomes the outcome."""
    started = time.perf_counter()
    try:
        painting = paint()
        seconds = time.perf_counter() - started
        # A faulty device leaves a single colour, or NaN.
        if not painting.pixels.std(axis=(0, 1)).min() > 0:
            return Result(name, "painted nothing", failed=True)
    except AbsentDeviceError as problem:
        return Result(name, f"absent ({str(problem).partition(': ')[2]})")
    except Exception as problem:  # any type: the installation may be broken in any way
        return Result(name, _first_line(problem), failed=True)
    width, height = painting.size
    return Result(name, f"{width} x {height} pixels in {seconds:.2f} s")


def _stylize(device: Device) -> "Painting":
    from impasto.api.painter import stylize
    from impasto.feedforward.model import shipped

    painting = stylize(_picture(), STYLE, device=device)
    for model in shipped(device):
        model.load()  # also what only large photos, or pictures as styles, need
    return painting


def _optimize(device: str) -> "Painting":
    from PIL import ImageOps

    from impasto.api.stepwise import optimize

    photo = _picture()
    style = ImageOps.posterize(ImageOps.invert(photo.rotate(90)), 2)
    # From the photo: what `optimize` needs is tested alone, without the networks of `stylize`.
    return optimize(photo, style, init="content", size=SIDE, steps=STEPS, device=device)


def _picture() -> "Image.Image":
    """Draw a test photo: rings and gradients in three colours, 256 x 256."""
    from PIL import Image

    gradient = Image.linear_gradient("L")
    return Image.merge("RGB", (Image.radial_gradient("L"), gradient, gradient.rotate(90)))


def _memory(device: str) -> str:
    """Say how much memory is free, and how `optimize` paints pictures that need more."""
    from impasto.networks import compact
    from impasto.networks import device as devices
    from impasto.optimization.memory import fitting_tile, free_bytes

    where, defaults = devices.choose(device), OptimizeSettings()
    free = free_bytes(where)
    if free is None:
        return "unknown"
    layers = defaults.content_layers + defaults.style_layers
    tile = fitting_tile(compact.build(), layers, (LARGEST, LARGEST), where)
    parts = "painted whole" if tile is None else f"painted in tiles of {tile}"
    return f"{free / 1e9:.1f} GB free, the largest pictures are {parts}"


def _first_line(problem: Exception) -> str:
    """Cut the message of an error to its first line."""
    line = next(iter(str(problem).splitlines()), "")
    return line if isinstance(problem, ImpastoError) else f"{type(problem).__name__}: {line}"


def without_home(line: str) -> str:
    """Replace the user's home folder, which has their name, by ~."""
    home = os.path.expanduser("~").rstrip("/\\")  # noqa: PTH111 - it never fails
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", line) if home else line
