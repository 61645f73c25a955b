import pytest

from impasto.errors import InputError
from impasto.styles.catalogue import COLUMNS, Entry, read

HEAD = "\t".join(COLUMNS) + "\n"
WORK = "wave\tart/wave.jpg\tThe Wave\tHokusai\t1831\tpublic domain\t\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.tsv"

    def write(text):
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_read(table):
    entry = Entry("wave", "art/wave.jpg", "The Wave", "Hokusai", "1831", "public domain")
    assert read(table(HEAD + WORK)) == [entry]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line must be: name file title artist year source"),
        (WORK, "the first line must be"),
        (HEAD, "lists no works"),
        (HEAD + "wave\tart/wave.jpg\n", "line 2 has 2 columns instead of 7"),
        (HEAD + WORK + WORK, "line 3: 'wave' is not a new name"),
        (HEAD + WORK.replace("wave", "a wave", 1), "line 2: 'a wave' is not a new name"),
    ],
)
def test_refuses(table, text, message):
    with pytest.raises(InputError, match=message):
        read(table(text))


def test_missing_and_binary(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "table.tsv")
    (tmp_path / "table.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read(tmp_path / "table.tsv")
