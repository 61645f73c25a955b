"""Feeds impasto's readers of files with bytes that libFuzzer invents; see README.md."""

import io
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris
import safetensors.torch
import torch

with atheris.instrument_imports(include=["impasto", "PIL"]):
    from impasto.errors import ImpastoError
    from impasto.image import files
    from impasto.networks import reading
    from impasto.optimization import checkpoint, sealed
    from impasto.optimization.solver import SolverState
    from impasto.painting import StepRecord
    from impasto.styles import library, storage

sys.path.insert(0, str(Path(__file__).parents[1]))

MAX_PIXELS = 1_000_000
"""Of a picture that is decoded, so that a second sees many."""


def pictures() -> Iterator[bytes]:
    """The odd pictures of the tests."""
    from hostile import corpus

    return (odd.content for family in corpus.FAMILIES for odd in family())


def styles() -> Iterator[bytes]:
    """A file of one style."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "style.npz"
        storage.save(path, {"irises": library.find("irises")})
        yield path.read_bytes()


def pickles() -> Iterator[bytes]:
    """Tensors as PyTorch writes them."""
    body = io.BytesIO()
    torch.save({"features.0.weight": torch.ones(2, 3)}, body)
    yield body.getvalue()


def checkpoints() -> Iterator[bytes]:
    """The state in a checkpoint, without its tensors and its seal."""
    run = checkpoint.RunFingerprint(
        {"size": 8}, "content", [("style", 1.0)], [None], [], None, "encoder"
    )
    state = SolverState(step=1, canvas=torch.zeros(1, 3, 8, 8))
    trace = [StepRecord(0, 8, 1, 0.5, {"total": 1.0})]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint"
        checkpoint.save(path, checkpoint.Checkpoint(run, state, trace))
        header = path.read_bytes()[8:].decode(errors="ignore")
        yield json.JSONDecoder().raw_decode(header)[0]["__metadata__"]["state"].encode()


def tensors() -> Iterator[bytes]:
    """Tensors as safetensors writes them."""
    yield safetensors.torch.save({"features.0.weight": torch.ones(2, 3)})


def read_picture(path: Path) -> None:
    """Decodes a picture."""
    files.read(path, max_pixels=MAX_PIXELS)


def read_style(path: Path) -> None:
    """Loads a file of styles."""
    storage.load(path)


def read_weights(path: Path) -> None:
    """Loads a file of weights."""
    reading.load(path)


def read_checkpoint(path: Path) -> None:
    """Loads a checkpoint around the bytes, rightly sealed, or nothing would get any further."""
    state = path.read_bytes().decode(errors="replace")
    path.write_bytes(sealed.seal(state, [torch.zeros(1, 3, 8, 8)]))
    checkpoint.load(path, torch.device("cpu"))


TARGETS: dict[str, tuple[Callable[[Path], None], Callable[[], Iterator[bytes]], str]] = {
    "picture": (read_picture, pictures, "picture.jpg"),
    "style": (read_style, styles, "style.npz"),
    "safetensors": (read_weights, tensors, "weights.safetensors"),
    "pickle": (read_weights, pickles, "weights.pth"),
    "checkpoint": (read_checkpoint, checkpoints, "checkpoint"),
}
"""What reads, what to start from, and under which name."""


def main() -> None:
    """Fuzzes the target that is named first; the other words are libFuzzer's."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: fuzz.py {{{','.join(TARGETS)}}} [-max_total_time=SECONDS] ...")
    read, seeds, name = TARGETS[sys.argv[1]]
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(seeds()):
            (corpus / str(number)).write_bytes(seed)

        def one_input(content: bytes) -> None:
            path.write_bytes(content)
            try:
                read(path)
            except ImpastoError as problem:  # anything else ends the run, with the bytes kept
                assert str(problem).isprintable(), problem

        atheris.Setup([sys.argv[0], *sys.argv[2:], str(corpus)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
