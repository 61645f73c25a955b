import io

import pytest

import impasto
from impasto.errors import InputError
from impasto.web.uploads import Upload, plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("photo.jpg", "photo.jpg"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", ""),
        ("a\nb\0.png", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}.png"),
        ("画.JPG", "画.JPG"),
        ("x" * 500 + ".jpeg", "x" * 64 + ".jpeg"),
        ("", ""),
    ],
)
def test_a_name_is_no_path(name, plain):
    assert plain_name(name) == plain


def test_without_a_name_it_is_called_after_its_field():
    assert Upload(io.BytesIO(), "", "photo").name == "photo"


def test_a_picture_is_examined_and_then_decoded(photo_bytes):
    upload = Upload(io.BytesIO(photo_bytes), "x.jpg", "photo")
    assert upload.examine(10_000) == ("JPEG", (96, 64))
    picture = upload.picture(10_000)
    assert picture.size == (96, 64)
    assert picture.path is None
    with pytest.raises(InputError, match=r"^x\.jpg: 96 x 64 pixels is more than"):
        upload.examine(1000)
    with pytest.raises(InputError, match=r"^x\.jpg: 96 x 64 pixels is more than"):
        upload.picture(1000)


def test_camera_raw_is_not_taken_for_its_thumbnail(blotches):
    file = io.BytesIO()
    blotches(1, 64, 64).save(file, "TIFF")
    with pytest.raises(InputError, match="camera RAW"):
        Upload(file, "shot.DNG", "photo").examine(10_000)


def test_a_file_of_a_style(tmp_path):
    path = tmp_path / "mine.npz"
    impasto.save_style(impasto.load_style("irises"), path)
    upload = Upload(io.BytesIO(path.read_bytes()), "mine.npz", "style_file")
    assert upload.is_style
    assert "irises" in upload.style().title.lower()


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"PK\5\6" + bytes(18)])
def test_a_broken_file_of_a_style(content):
    with pytest.raises(InputError, match="not a file of styles, or a damaged one"):
        Upload(io.BytesIO(content), "mine.npz", "style_file").style()
