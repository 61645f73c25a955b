"""Find a work by whatever somebody calls it: its title, its artist, in letters of any kind."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
                        "ı": "i"})  # fmt: skip
"""Letters that are no letter with an accent to Unicode, as most people write them."""


class Work(Protocol):
    """What is known of a work."""

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def artist(self) -> str: ...  # noqa: D102

    @property
    def year(self) -> str: ...  # noqa: D102


def search(query: str, works: Mapping[str, Work]) -> list[str]:
    """List the names of the works that a query can mean, of whatever case and accents.

    In this order, as far as the first that fits any: the name or the title is the query; the query
    is a run of words in name, title or artist (`vangogh` is one in Vincent van Gogh); all words
    of the query are among those of the work.

    Args:
        query: what somebody typed.
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
    """Tell whether two names differ in nothing but case, accents, spaces and signs."""
    return _joined(_words(word)) == _joined(_words(other))


def _words(text: str) -> list[str]:
    """Return the words in lower case, without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", plain)


def _joined(words: Sequence[str]) -> str:
    """Return the words as one, without a leading article."""
    return "".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _runs(words: Sequence[str]) -> Iterable[str]:
    """Every run of words, joined."""
    ends = range(1, len(words) + 1)
    return {"".join(words[start:end]) for end in ends for start in range(end)}
