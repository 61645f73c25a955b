"""What the page asks for becomes work, or one line that says why not."""

import io

import pytest

from impasto.errors import InputError, SettingError
from impasto.web.actions import Wish, photo_of
from impasto.web.uploads import Upload


@pytest.fixture
def photo(photo_bytes):
    return Upload(io.BytesIO(photo_bytes), "harbour.jpg", "photo")


def test_two_styles_are_mixed_by_their_share():
    mixed = Wish(library="irises", second="udnie", share=0.25).styles()
    assert [(style.source, style.weight) for style in mixed] == [("irises", 0.75), ("udnie", 0.25)]
    assert len(Wish(library="irises", second="udnie", share=0).styles()) == 1


def test_what_was_learned_comes_before_the_picture_it_was_learned_from():
    own, tuned = object(), object()
    chosen = Wish(library="irises", own=own, tuned=tuned, uses_own=True)
    assert chosen.styles()[0].source is tuned
    assert Wish(own=own, tuned=tuned, uses_own=True, optimizes=True).styles()[0].source is own
    assert Wish(library="irises", own=own).styles()[0].source == "irises"


@pytest.mark.parametrize(
    ("wish", "has_style"),
    [
        (Wish(), False),
        (Wish(library="irises"), True),
        (Wish(library="irises", uses_own=True), False),
        (Wish(own=object(), uses_own=True), True),
        (Wish(own=object()), False),
    ],
)
def test_a_style_counts_where_it_is_asked_for(wish, has_style):
    assert wish.has_style is has_style


def test_without_a_style_or_a_photo_there_is_no_work(photo, server):
    with pytest.raises(SettingError, match="no style yet"):
        Wish(photo=photo).work(server)
    with pytest.raises(InputError, match="no photo yet"):
        Wish(library="irises").work(server)
    assert photo_of(photo) is photo


def test_settings_out_of_bounds_are_refused_before_the_work(photo, server):
    with pytest.raises(SettingError, match="brush is 9"):
        Wish(photo=photo, library="irises", brush=9).work(server)
    with pytest.raises(SettingError, match="at most 64 megapixels"):
        Wish(photo=photo, library="irises", size=16_384).work(server)
