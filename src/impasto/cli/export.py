"""`impasto export`: the trained painter as ONNX files."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.arguments import Overwrite
from impasto.system.extras import require
from impasto.system.paths import display_path


def export(
    weights: Annotated[
        Path, typer.Option(help="What `impasto train painter` wrote: painter.safetensors.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the .onnx files.")],
    overwrite: Overwrite = False,
) -> None:
    """Export the trained painter to ONNX, if it paints there as it does in PyTorch."""
    require("export", "export", "torch", "safetensors", "onnx", "onnxscript")
    from impasto.training.export import export

    done = export(weights, out, overwrite=overwrite)
    for path in done.files:
        typer.echo(f"{display_path(path)}: {path.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"pixels and statistics differ from PyTorch's by at most {done.difference:.1g}")
