import pytest

from impasto.errors import InputError
from impasto.system.json_files import read_json


def test_what_a_file_holds(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[["photo", "style"], 0.5]')
    assert read_json(path) == [["photo", "style"], 0.5]


@pytest.mark.parametrize("content", [b"", b"[", b"\xff\xfe", b"[" * 100_000, b"a\nb"])
def test_no_json(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json: not a JSON file \(") as problem:
        read_json(path)
    assert "\n" not in str(problem.value)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"a\.json: no such file; check the spelling$"):
        read_json(tmp_path / "a.json")
    with pytest.raises(InputError, match=r"this is a folder; name a file$"):
        read_json(tmp_path)
