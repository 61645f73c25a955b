import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from impasto.errors import InputError, OutputError
from impasto.styles import storage
from impasto.styles.embedding import SIZE


@pytest.fixture
def path(tmp_path):
    return tmp_path / "styles.npz"


@pytest.fixture
def arrays(make_style, path):
    """The arrays of a file of two styles."""
    storage.save(path, {"a": make_style(1), "b": make_style(2)})
    with np.load(path) as found:
        return dict(found)


def test_round_trip(make_style, path):
    styles = {
        "wave": make_style(1, title="Große Welle", artist="北斎", year="1831"),
        "b": make_style(2),
    }
    storage.save(path, styles)
    found = storage.load(path)
    assert list(found) == ["wave", "b"]
    for name, style in styles.items():
        assert np.array_equal(found[name].vector, style.vector)
        assert np.array_equal(found[name].colour_mean, style.colour_mean)
        assert np.array_equal(found[name].colour_covariance, style.colour_covariance)
        for word in ("encoder", "title", "artist", "year"):
            assert getattr(found[name], word) == getattr(style, word)


def test_equal_styles_make_equal_files(make_style, path, tmp_path):
    storage.save(path, {"a": make_style()})
    storage.save(tmp_path / "again.npz", {"a": make_style()})
    assert path.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_a_style_takes_a_few_kilobytes(make_style, path):
    storage.save(path, {"a": make_style()})
    assert path.stat().st_size < 4000


def test_existing_files_stay(make_style, path):
    path.write_text("mine")
    with pytest.raises(OutputError, match="--overwrite"):
        storage.save(path, {"a": make_style()})
    storage.save(path, {"a": make_style()}, overwrite=True)
    assert list(storage.load(path)) == ["a"]


def test_missing_file(path):
    with pytest.raises(InputError, match="no such file"):
        storage.load(path)


def entries(**changes):
    texts = {"name": "a", "encoder": "e", "title": "", "artist": "", "year": ""} | changes
    return np.frombuffer(json.dumps([texts, texts]).encode(), np.uint8)


@pytest.mark.parametrize(
    "changes",
    [
        {"vectors": np.zeros((2, SIZE + 1), np.float32)},
        {"vectors": np.zeros((2, SIZE))},
        {"vectors": np.zeros((3, SIZE), np.float32)},
        {"vectors": np.full((2, SIZE), np.nan, np.float32)},
        {"vectors": np.float32(1)},
        {"colour_means": np.zeros((2, 4), np.float32)},
        {"colour_covariances": np.full((2, 3, 3), np.inf, np.float32)},
        {"entries": np.zeros(4, np.uint8)},
        {"entries": np.frombuffer(b"[]", np.uint8)},
        {"entries": np.frombuffer(b"[" * 100_000, np.uint8)},
        {"entries": np.zeros(4, np.float32)},
        {"entries": entries(name=3)},
        {"entries": entries(title="two\nlines")},
        {"entries": entries(artist="\x1b[31m")},
    ],
)
def test_hostile_arrays(arrays, path, changes):
    np.savez(path, **(arrays | changes))
    with pytest.raises(InputError, match=r"styles\.npz: ") as raised:
        storage.load(path)
    assert len(str(raised.value).splitlines()) == 1


def test_missing_array(arrays, path):
    del arrays["vectors"]
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="not a file of styles"):
        storage.load(path)


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_nothing_is_unpickled(arrays, path):
    np.savez(path, **(arrays | {"vectors": np.array([Bomb()], object)}))
    with pytest.raises(InputError, match="not a file of styles"):
        storage.load(path)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"no archive", pickle.dumps({})])
def test_other_files(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a file of styles"):
        storage.load(path)


def test_damaged_file(make_style, path):
    storage.save(path, {"a": make_style()})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        storage.load(path)


def test_archive_that_unpacks_to_far_more(path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.npy", bytes(50_000_000))
    path.write_bytes(packed.getvalue())
    with pytest.raises(InputError, match="not a file of styles"):
        storage.load(path)


def test_array_that_claims_to_be_huge(arrays, path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (2, 10**15)}
    )
    np.savez(path, **arrays)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["vectors.npy"] = header.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="not a file of styles"):
        storage.load(path)
