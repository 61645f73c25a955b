"""Complete words of the command line."""

from pathlib import Path

from impasto.image.suffixes import pictures_in


def style_words(incomplete: str) -> list[str]:
    """List the names of styles, and the pictures in this folder, that begin with a text.

    The list is empty if no name does, so that the shell completes files of any folder.
    """
    from impasto.styles import catalogue, names

    known = [work.name for work in catalogue.read(names.CATALOGUE)] + list(names.own())
    begun = [name for name in dict.fromkeys(known) if name.startswith(incomplete)]
    if not begun:
        return []
    files = [path.name for path in pictures_in(Path())]
    return begun + [name for name in files if name.startswith(incomplete)]
