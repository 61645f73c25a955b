"""`impasto export`: export a trained painter to ONNX files."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.arguments import Overwrite
from impasto.system.extras import require
from impasto.system.paths import display_path


def export(
    weights: Annotated[
        Path, typer.Option(help="The painter.safetensors that `impasto train painter` wrote.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the .onnx files.")],
    overwrite: Overwrite = False,
) -> None:
    """Export a trained painter to ONNX files.

    They are written only if ONNX Runtime paints with them as PyTorch does.
    """
    require("export", "export", "torch", "safetensors", "onnx", "onnxscript")
    from impasto.training.export import export

    done = export(weights, out, overwrite=overwrite)
    for path in done.files:
        typer.echo(f"{display_path(path)}: {path.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"pixels and statistics differ from PyTorch's by at most {done.difference:.1g}")
