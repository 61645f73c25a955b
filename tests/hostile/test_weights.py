"""Files of weights from strangers: one line, at once, whatever they claim to hold."""

import json
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError, WeightsError
from impasto.networks import compact, reading

NAME = "features.0.weight"
"""An entry that the compact encoder has."""


@pytest.fixture(scope="module")
def network():
    return compact.build()


@pytest.fixture
def refused(network):
    """Makes sure that a file is refused with one line about it, and changes no network."""

    def check(path):
        before = {name: value.clone() for name, value in network.state_dict().items()}
        with pytest.raises((InputError, WeightsError)) as caught:
            reading.load_into(network, path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()
        torch.testing.assert_close(network.state_dict(), before)
        return message

    return check


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(shape, start, end, dtype="F32"):
    return {NAME: {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        safetensors(b"{}", length=2**63 - 1),
        safetensors(b"{}", length=2**40),
        safetensors(b" " * 1000, length=90_000_000),
        safetensors(b'{"a":' + b"[" * 100_000),
        safetensors(b'{"a"', length=4),
        safetensors({}),
        safetensors([]),
        safetensors(entry([2**40, 2**40], 0, 4), bytes(4)),
        safetensors(entry([1], 0, 2**50), bytes(4)),
        safetensors(entry([1], 4, 0), bytes(4)),
        safetensors(entry([-1], 0, 4), bytes(4)),
        safetensors(entry([0], 0, 0)),
        safetensors(entry([1], 0, 4, "I32"), bytes(4)),
        safetensors(entry([1], 0, 4, "F99"), bytes(4)),
        safetensors(entry([1], 0, 4), b"\0\0\xc0\x7f"),
        safetensors(entry([1], 0, 4), bytes(4)),
        safetensors(
            {"two\nlines": {"dtype": "I32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)
        ),
    ],
)
def test_safetensors(content, tmp_path, refused):
    path = tmp_path / "strange.safetensors"
    path.write_bytes(content)
    refused(path)


@pytest.mark.parametrize(
    "holds",
    [
        {NAME: torch.zeros(1).expand(10**12)},
        {NAME: torch.zeros(2, 1).expand(2, 10**12)},
        {NAME: torch.zeros(3, device="meta")},
        {NAME: torch.zeros(3, dtype=torch.complex64)},
        {NAME: torch.eye(3).to_sparse()},
        {NAME: torch.tensor(torch.nan)},
        {1: torch.zeros(1)},
        {"two\nlines": 1},
        {},
        torch.zeros(3),
        "text",
    ],
)
def test_pickles(holds, tmp_path, refused):
    path = tmp_path / "strange.pth"
    torch.save(holds, path)
    refused(path)


def test_many_entries(tmp_path, refused, monkeypatch):
    """200,000 of them: to make each a tensor before the file is refused took half a minute."""
    path = tmp_path / "strange.safetensors"
    each = {"dtype": "F32", "shape": [1]}
    header = {f"{i}": each | {"data_offsets": [4 * i, 4 * i + 4]} for i in range(200_000)}
    path.write_bytes(safetensors(header, bytes(4 * len(header))))
    monkeypatch.setattr("safetensors.torch.load_file", None)
    assert "the list of its entries" in refused(path)


def test_a_large_pickle(tmp_path, refused):
    path = tmp_path / "strange.pth"
    torch.save({f"{i}": row for i, row in enumerate(torch.zeros(5_000, 1))}, path)
    assert "the list of its entries" in refused(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_files(suffix, data, tmp_path_factory, network):
    """A file cut short or with wrong bytes is refused, or the weights are finite numbers."""
    path = tmp_path_factory.mktemp("damaged") / f"weights{suffix}"
    tensors = {NAME: torch.ones(2, 3), "b": torch.zeros(4)}
    if suffix == ".pth":
        torch.save(tensors, path)
    else:
        from safetensors.torch import save_file

        save_file(tensors, path)
    content = bytearray(path.read_bytes())
    for place, value in data.draw(PLACES):
        content[place % len(content)] = value
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        found = reading.load(path)
    except WeightsError as problem:
        assert str(problem).startswith(f"{path}: ")
        assert str(problem).isprintable()
    else:
        assert all(bool(tensor.isfinite().all()) for tensor in found.values())


PLACES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6)
"""Where to write wrong bytes, and which."""
