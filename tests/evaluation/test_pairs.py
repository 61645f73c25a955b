import shutil

import pytest

from impasto.errors import InputError
from impasto.evaluation import pairs


def names(chosen):
    return [(photo.stem, style.stem) for photo, style in chosen]


def test_every_photo_is_paired_with_a_style(folders):
    assert names(pairs.choose(*folders)) == [("cat", "field"), ("dog", "night")]


def test_pairs_from_a_file(folders, tmp_path):
    chosen = tmp_path / "pairs.json"
    chosen.write_text('[["dog", "wave"], ["dog", "night"]]')
    assert names(pairs.choose(*folders, chosen)) == [("dog", "wave"), ("dog", "night")]


@pytest.mark.parametrize("text", ["", "{", "[1]", '[["a"]]', "[]", '[["bird", "wave"]]'])
def test_a_file_of_pairs_that_cannot_be_used(folders, tmp_path, text):
    chosen = tmp_path / "pairs.json"
    chosen.write_text(text)
    with pytest.raises(InputError, match=r"pairs\.json") as problem:
        pairs.choose(*folders, chosen)
    assert "\n" not in str(problem.value)


def test_missing_and_empty_folders(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "none", tmp_path / "empty"):
        with pytest.raises(InputError, match=folder.name):
            pairs.choose(folder, folders[1])


def test_two_pictures_of_a_name(folders):
    shutil.copy(folders[0] / "cat.png", folders[0] / "cat.PNG.jpg")
    assert len(pairs.choose(*folders)) == 3
    shutil.copy(folders[0] / "cat.png", folders[0] / "cat.jpg")
    with pytest.raises(InputError, match=r"cat\.png: has the same name as .*cat\.jpg"):
        pairs.choose(*folders)


def test_pictures_are_reduced(folders):
    pair = pairs.load(folders[0] / "cat.png", folders[1] / "wave.png", 40)
    assert (pair.photo_name, pair.style_name) == ("cat", "wave")
    assert pair.photo.shape == pair.style.shape == (32, 40, 3)
