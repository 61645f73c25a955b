"""`impasto train`: train the networks that ship with impasto."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.errors import DeviceError
from impasto.system.extras import require

AFFORDABLE = 1024
"""Bound of sizes and batches: for more there is hardly enough memory, and Linux may then end other
programs."""

ENCODER_RATE = 0.01
"""Adam's initial rate for the encoder, relative to the spread of a layer."""

CHECKPOINT, PREVIEW = 250, 500
"""Steps between checkpoints, and between previews, on a CPU."""

FASTER = 4
"""How many times as far apart they are on a GPU, where both take as long as many steps."""

Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of weights and crops.")]

app = typer.Typer(no_args_is_help=True, help="Train the networks that ship with impasto.")


@app.command()
def encoder(
    images: Annotated[
        list[Path],
        typer.Option(help="A folder of photos or paintings; repeat it for more folders."),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder for the result, the log and the checkpoint."),
    ],
    teacher: Annotated[
        str,
        typer.Option(help="The teacher: vgg16, or a file of VGG-16's weights."),
    ] = "vgg16",
    steps: Annotated[int, typer.Option(min=1, help="Number of updates.")] = 4_000,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="End after this time, earlier runs included."),
    ] = None,
    size: Annotated[
        int, typer.Option(min=64, max=AFFORDABLE, help="Side of a crop in pixels.")
    ] = 144,
    batch: Annotated[
        int, typer.Option(min=4, max=AFFORDABLE, help="Pictures in a step, a multiple of 4.")
    ] = 8,
    rate: Annotated[
        float,
        typer.Option(min=0.0001, max=1, help="Adam's initial rate, relative to a layer's spread."),
    ] = ENCODER_RATE,
    seed: Seed = 0,
    device: Annotated[
        str | None,
        typer.Option(help="cpu, cuda, cuda:1 or mps [default: the fastest]."),
    ] = None,
) -> None:
    """Distil VGG-16 into the compact encoder.

    Repeat the command with the same --out to continue an interrupted training.
    """
    require("training", "torch", "torch", "safetensors")
    from impasto.networks import device as devices
    from impasto.networks import encoders
    from impasto.training.encoder import EncoderTraining, train
    from impasto.training.images import ImageFolder
    from impasto.training.loop import Schedule

    where = devices.choose(device)
    spaced = 1 if where.type == "cpu" else FASTER
    for folder in images:  # before the teacher, which takes a second to load
        ImageFolder(folder)
    weights = None if teacher == "vgg16" else Path(teacher)
    training = EncoderTraining(
        folders=images,
        # The teacher must pad as its student does.
        teacher=encoders.load("vgg16", weights=weights, first_padding="replicate"),
        out=out,
        schedule=Schedule(
            steps=steps,
            seconds=seconds or math.inf,
            seed=seed,
            learning_rate=rate,
            warmup=100,
            save_every=CHECKPOINT * spaced,
        ),
        size=size,
        batch=batch,
        device=str(where),
        precision=devices.training_precision(where),
        log_every=CHECKPOINT * spaced,
    )
    _run(lambda: train(training, _report))


@app.command()
def painter(
    photos: Annotated[
        list[Path], typer.Option(help="A folder of photos; repeat it for more folders.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder of the result, previews, the log and the checkpoint."),
    ],
    artworks: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder of artworks, from which the painter learns to take its style from any "
            "picture; repeat it for more folders."
        ),
    ] = None,
    styles: Annotated[
        Path | None,
        typer.Option(help="A folder of pictures, one for each style [default: impasto's own]."),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(help="Weights of VGG-16 by torchvision's names [default: impasto's own]."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="A painter.safetensors to start from; new styles are added "
            "[default: random weights]."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Number of updates.")] = 40_000,
    size: Annotated[
        int, typer.Option(min=64, max=AFFORDABLE, help="Side of a crop in pixels, in steps of 16.")
    ] = 192,
    batch: Annotated[
        int, typer.Option(min=1, max=AFFORDABLE, help="Photos in a step, in each of its styles.")
    ] = 3,
    together: Annotated[
        int,
        typer.Option(min=1, max=AFFORDABLE, help="Styles in a step: 1 on a CPU, 8 on a GPU."),
    ] = 1,
    rate: Annotated[
        float,
        typer.Option(min=0.0001, max=1, help="Adam's initial rate, relative to a layer's spread."),
    ] = 0.015,
    seed: Seed = 0,
    device: Annotated[
        str | None,
        typer.Option(help="cpu, cuda, cuda:1 or mps [default: the fastest]."),
    ] = None,
) -> None:
    """Train the painter, the vectors of its styles and, with --artworks, of any picture.

    Repeat the command with the same --out to continue an interrupted training.
    """
    require("training", "torch", "torch", "safetensors")
    from impasto.networks import device as devices
    from impasto.styles.names import CATALOGUE, PICTURES
    from impasto.training.loop import Schedule
    from impasto.training.painter import train
    from impasto.training.settings import PainterTraining

    where = devices.choose(device)
    spaced = 1 if where.type == "cpu" else FASTER
    training = PainterTraining(
        photos=photos,
        artworks=artworks or [],
        styles=styles or PICTURES,
        table=None if styles else CATALOGUE,
        teacher=teacher,
        out=out,
        schedule=Schedule(
            steps=steps,
            seed=seed,
            learning_rate=rate,
            warmup=100,
            save_every=CHECKPOINT * spaced,
        ),
        start=start,
        size=size // 16 * 16,
        batch=batch,
        together=together,
        device=str(where),
        precision=devices.training_precision(where),
        preview_every=PREVIEW * spaced,
    )
    _run(lambda: train(training, _report), "--batch, --size or --together")


def _run(training: Callable[[], Path], memory: str = "--batch or --size") -> None:
    """Train, and print the file of the weights, or how to continue after Ctrl-C.

    Args:
        training: returns the file.
        memory: the options that need more of it the larger they are.
    """
    try:
        weights = training()
    except KeyboardInterrupt:
        typer.echo("impasto: stopped; repeat the command to continue", err=True)
        raise
    except (RuntimeError, MemoryError) as problem:
        from impasto.optimization.memory import is_out_of_memory

        if not is_out_of_memory(problem):
            raise
        raise DeviceError(f"not enough memory; try a smaller {memory}") from None
    typer.echo(f"{weights}: {weights.stat().st_size / 1e6:.1f} MB")


def _report(figures: dict[str, Any]) -> None:
    """Print the step and its losses or held-out errors on one line."""
    errors = " ".join(f"{k} {v:.4f}" for k, v in figures.items() if k not in ("step", "steps"))
    typer.echo(f"step {figures['step']} of {figures['steps']}: {errors}", err=True)
