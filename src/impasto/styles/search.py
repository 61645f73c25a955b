"""Find works by name, title or artist, whatever the case and accents."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
                        "ı": "i"})  # fmt: skip
"""Letters that Unicode does not decompose, as most people write them."""


class Work(Protocol):
    """A work with a title, an artist and a year."""

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def artist(self) -> str: ...  # noqa: D102

    @property
    def year(self) -> str: ...  # noqa: D102


def search(query: str, works: Mapping[str, Work]) -> list[str]:
    """List the names of the works that match a query, ignoring case and accents.

    The first of these rules that matches any work decides: the query is the name or the title; the
    query is a run of words in name, title, artist or year (`vangogh` in Vincent van Gogh); all
    words of the query are words of the work.

    Args:
        query: as typed.
        works: by name.
    """
    words = _words(query)
    run, whole = "".join(words), _joined(words)
    if not run:
        return []
    fields = {
        name: [_words(text) for text in (name, work.title, work.artist, work.year)]
        for name, work in works.items()
    }
    ways: tuple[Callable[[list[list[str]]], bool], ...] = (
        lambda texts: any(whole == _joined(text) for text in texts[:2]),
        lambda texts: any(run in _runs(text) for text in texts),
        lambda texts: set(words) <= {word for text in texts for word in text},
    )
    for fits in ways:
        if matches := [name for name, texts in fields.items() if fits(texts)]:
            return matches
    return []


def is_spelt_alike(word: str, other: str) -> bool:
    """Tell whether two names differ only in case, accents, spaces and signs."""
    return _joined(_words(word)) == _joined(_words(other))


def _words(text: str) -> list[str]:
    """Split a text into words in lower case, without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", plain)


def _joined(words: Sequence[str]) -> str:
    """Join words, without a leading article."""
    return "".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _runs(words: Sequence[str]) -> Iterable[str]:
    """List every run of words, joined."""
    ends = range(1, len(words) + 1)
    return {"".join(words[start:end]) for end in ends for start in range(end)}
