"""Paint the sample style pictures: `python samples/draw_styles.py [--out DIR] [--size 1024]`.

NumPy and Pillow only. Seeds are fixed, so that the same machine paints the same bytes again.
"""

import argparse
from importlib import import_module
from pathlib import Path

from drawing.studio import develop, save

PAINTINGS = ("flow", "wave", "points", "glass")


def main() -> None:
    """Read the command line and paint what it names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(PAINTINGS)} (default: all)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "styles")
    parser.add_argument("--size", type=int, default=1024, help="side in pixels")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PAINTINGS):
        parser.error(f"no such painting: {', '.join(sorted(unknown))}")
    if options.size < 64:
        parser.error("--size must be at least 64")

    for name in options.names or PAINTINGS:
        path = options.out / f"{name}.jpg"
        save(develop(import_module(f"drawing.{name}").paint(options.size)), path)
        print(path)


if __name__ == "__main__":
    main()
