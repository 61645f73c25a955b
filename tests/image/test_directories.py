"""Directories of tags: what is packed is read, and damage is refused or skipped."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.image.directories import LONG, UNDEFINED, Entry, Reader, numbers, packed

ORDERS = st.sampled_from("<>")
ENTRIES = st.dictionaries(
    st.integers(1, 60_000),
    st.binary(min_size=1, max_size=40).map(lambda data: Entry(UNDEFINED, len(data), data)),
    max_size=8,
)


@given(ORDERS, ENTRIES, ENTRIES)
def test_what_is_packed_is_read(order, main, camera):
    main = {tag: entry for tag, entry in main.items() if tag != 34665}
    reader = Reader(io.BytesIO(packed(order, main, {34665: camera})))
    found = reader.directory(reader.first)
    offset = reader.numbers(found.pop(34665, None))
    assert reader.order == order
    assert found == main
    assert (reader.directory(offset[0]) if offset else {}) == camera


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "values"), [(1, (1, 255)), (3, (65535,)), (LONG, (7, 1 << 31))])
def test_numbers_come_back(order, kind, values):
    block = packed(order, {5: numbers(order, kind, *values)}, {})
    reader = Reader(io.BytesIO(block))
    assert reader.numbers(reader.directory(reader.first)[5]) == values
    assert reader.numbers(None) == ()
    assert reader.numbers(Entry(UNDEFINED, 1, b"x")) == ()


@pytest.mark.parametrize("content", [b"", b"II", b"no directory at all", b"II*\0\xff\xff\xff\x7f"])
def test_what_is_no_directory_is_refused(content):
    with pytest.raises(ValueError, match=r"order of bytes|cut short|too many"):
        reader = Reader(io.BytesIO(content))
        reader.directory(reader.first)


def test_entries_outside_the_file_are_skipped():
    block = packed("<", {5: Entry(UNDEFINED, 8, b"12345678"), 6: numbers("<", 3, 9)}, {})
    reader = Reader(io.BytesIO(block[:-4]))
    assert list(reader.directory(reader.first)) == [6]
