from typing import NamedTuple

import pytest

from impasto.styles import catalogue, names
from impasto.styles.search import is_spelt_alike, search


class Work(NamedTuple):
    title: str
    artist: str
    year: str = ""


WORKS = {
    "young-hare": Work("Young Hare", "Albrecht Dürer", "1502"),
    "contrast": Work("Contrast of Forms", "Fernand Léger"),
    "mine": Work("", ""),
    "krøyer": Work("Sommeraften", "P. S. Krøyer"),
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("durer", ["young-hare"]),
        ("DÜRER", ["young-hare"]),
        ("Du\u0308rer", ["young-hare"]),
        ("hare dürer", ["young-hare"]),
        ("young_hare", ["young-hare"]),
        ("hare 1502", ["young-hare"]),
        ("leger", ["contrast"]),
        ("Kroyer", ["krøyer"]),
        ("MINE", ["mine"]),
        ("har", []),
        ("", []),
        ("---", []),
    ],
)
def test_search(query, found):
    assert search(query, WORKS) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("The Great Wave", ["great-wave"]),
        ("Great_Wave", ["great-wave"]),
        ("the kiss", ["the-kiss"]),
        ("kiss", ["the-kiss"]),
        ("vangogh", ["irises", "self-portrait", "starry-night", "wheat-field"]),
        ("van gogh", ["irises", "self-portrait", "starry-night", "wheat-field"]),
        ("van-gogh night", ["starry-night"]),
        ("monet", ["cliff-walk", "impression-sunrise", "water-lilies"]),
        ("Cézanne", ["mont-sainte-victoire"]),
        ("great-wav", []),
        ("photo.jpg", []),
    ],
)
def test_search_in_the_library(query, found):
    works = {work.name: work for work in catalogue.read(names.CATALOGUE)}
    assert search(query, works) == found


def test_every_work_is_found_by_its_title():
    works = {work.name: work for work in catalogue.read(names.CATALOGUE)}
    for name, work in works.items():
        assert search(work.title.upper(), works) == [name]


def test_spelt_alike():
    assert is_spelt_alike("Great_Wave", "great-wave")
    assert not is_spelt_alike("The Great Wave off", "great-wave")
