import io
import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from impasto.errors import InputError, OutputError
from impasto.styles import storage

SIZE = 480


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


def test_vectors_for_several_models(make_style, path):
    """Of different sizes; not every style has all of them."""
    more = replace(make_style(2), vectors={"big": np.ones(9, np.float32), **make_style(2).vectors})
    storage.save(path, {"a": make_style(1), "b": more})
    styles = storage.load(path)
    assert list(styles["a"].vectors) == ["encoder"]
    assert list(styles["b"].vectors) == ["big", "encoder"]
    for space, vector in more.vectors.items():
        assert np.array_equal(styles["b"].vectors[space], vector)


def test_the_first_version_of_the_format(make_style, path):
    style = make_style(1, title="Old")
    texts = {"name": "a", "encoder": "space", "title": "Old", "artist": "", "year": ""}
    np.savez(
        path,
        vectors=style.vector[None],
        colour_means=style.colour_mean[None],
        colour_covariances=style.colour_covariance[None],
        entries=np.frombuffer(json.dumps([texts]).encode(), np.uint8),
    )
    (old,) = storage.load(path).values()
    assert old.title == "Old"
    assert np.array_equal(old.vectors["space"], style.vector)


def test_a_style_is_built_when_it_is_looked_up(make_style, path):
    storage.save(path, {"a": make_style(1), "b": make_style(2)})
    with np.load(path) as arrays:
        changed = dict(arrays)
    changed["colour_means"][1] = np.nan
    np.savez(path, **changed)
    styles = storage.load(path)
    assert styles["a"].colour_mean.shape == (3,)
    assert "b" in styles
    with pytest.raises(InputError, match="colour_mean holds values that no picture has"):
        styles["b"]


def test_equal_styles_make_equal_files(make_style, path, tmp_path):
    storage.save(path, {"a": make_style()})
    storage.save(tmp_path / "again.npz", {"a": make_style()})
    assert path.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_a_style_takes_a_few_kilobytes(make_style, path):
    storage.save(path, {"a": make_style()})
    assert path.stat().st_size < 4000


def test_existing_files_stay(make_style, path):
    path.write_text("mine")
    with pytest.raises(OutputError, match="overwrite=True"):
        storage.save(path, {"a": make_style()})
    storage.save(path, {"a": make_style()}, overwrite=True)
    assert list(storage.load(path)) == ["a"]


def test_missing_file(path):
    with pytest.raises(InputError, match="no such file"):
        storage.load(path)


def entries(**changes):
    texts = {"name": "a", "rows": {"encoder": 0}, "title": "", "artist": "", "year": ""}
    return np.frombuffer(json.dumps([texts | changes, texts | {"name": "b"}]).encode(), np.uint8)


def load_all(path):
    return dict(storage.load(path))


@pytest.mark.parametrize(
    "changes",
    [
        {"vectors-encoder": np.zeros((2, SIZE, 1), np.float32)},
        {"vectors-encoder": np.zeros((2, SIZE))},
        {"vectors-encoder": np.zeros((0, SIZE), np.float32)},
        {"vectors-encoder": np.full((2, SIZE), np.nan, np.float32)},
        {"vectors-encoder": np.float32(1)},
        {"colour_means": np.zeros((2, 4), np.float32)},
        {"colour_covariances": np.full((2, 3, 3), np.inf, np.float32)},
        {"entries": np.zeros(4, np.uint8)},
        {"entries": np.frombuffer(b"[]", np.uint8)},
        {"entries": np.frombuffer(b"[" * 100_000, np.uint8)},
        {"entries": np.zeros(4, np.float32)},
        {"entries": entries(name=3)},
        {"entries": entries(name="b")},
        {"entries": entries(rows={"encoder": 2})},
        {"entries": entries(rows={"encoder": "x"})},
        {"entries": entries(rows={"../x": 0})},
        {"entries": entries(rows={"none": 0})},
        {"entries": entries(rows={})},
        {"entries": entries(rows=[])},
        {"entries": entries(title="two\nlines")},
        {"entries": entries(artist="\x1b[31m")},
    ],
)
def test_hostile_arrays(arrays, path, changes):
    np.savez(path, **(arrays | changes))
    with pytest.raises(InputError, match=r"styles\.npz: ") as raised:
        load_all(path)
    assert len(str(raised.value).splitlines()) == 1


def test_missing_array(arrays, path):
    del arrays["vectors-encoder"]
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="not a file of styles"):
        load_all(path)


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_nothing_is_unpickled(arrays, path):
    np.savez(path, **(arrays | {"vectors-encoder": np.array([Bomb()], object)}))
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
        archive.writestr("vectors.npy", bytes(70_000_000))
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
    members["vectors-encoder.npy"] = header.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="not a file of styles"):
        storage.load(path)
