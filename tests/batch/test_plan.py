import os
import pickle
from pathlib import Path

import pytest

from impasto.batch.plan import PAINTED, STREAM, plan
from impasto.errors import InputError, OutputError, SettingError


@pytest.fixture
def tree(tmp_path):
    """Makes empty files, and gives back the folder that they lie in."""

    def make(*names):
        for name in names:
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "tree"

    return make


def outputs(made, top):
    return [str(route.output.relative_to(top)) for route in made.routes]


def test_beside_the_photo(tmp_path):
    made = plan([tmp_path / "a.jpg", tmp_path / "b.PNG"], ["wave"], None)
    assert outputs(made, tmp_path) == ["a-wave.jpg", "b-wave.png"]
    assert not any(route.in_folder for route in made.routes)
    assert pickle.loads(pickle.dumps(made)) == made


def test_the_suffix_asked_for(tmp_path):
    made = plan([tmp_path / "a.jpg", tmp_path / "b.PNG"], ["wave"], None, suffix=".webp")
    assert outputs(made, tmp_path) == ["a-wave.webp", "b-wave.webp"]


def test_a_folder(tree):
    top = tree("b.jpg", "a.tif", "notes.txt", "sub/c.jpg", "painted/old.jpg")
    assert outputs(plan([top], ["wave"], None), top) == ["painted/a-wave.tif", "painted/b-wave.jpg"]


def test_folders_in_folders(tree, tmp_path):
    top = tree("a.jpg", "sub/a.jpg", "sub/deep/b.jpg", ".hidden/c.jpg", "painted/d.jpg",
               "empty/notes.txt")  # fmt: skip
    made = plan([top], ["wave"], None, recursive=True)
    expected = ["a-wave.jpg", "sub/a-wave.jpg", "sub/deep/b-wave.jpg"]
    assert outputs(made, top) == [f"{PAINTED}/{name}" for name in expected]
    out = tmp_path / "out"
    assert outputs(plan([top], ["wave"], f"{out}/", recursive=True), out) == expected
    inside = top / "sub" / "out"
    inside.mkdir()
    (inside / "a-wave.jpg").touch()
    assert outputs(plan([top], ["wave"], str(inside), recursive=True), inside) == expected


def test_links_do_not_lead_in_circles(tree):
    top = tree("a.jpg", "sub/b.jpg")
    (top / "sub" / "circle").symlink_to(top)
    (top / "loop.jpg").symlink_to("loop.jpg")
    made = plan([top], ["wave"], None, recursive=True)
    assert [route.input.name for route in made.routes] == ["a.jpg", "loop.jpg", "b.jpg"]


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root reads everything")
def test_a_locked_folder_is_told(tree):
    top = tree("a.jpg", "sub/b.jpg")
    (top / "sub").chmod(0)
    made = plan([top], ["wave"], None, recursive=True)
    (top / "sub").chmod(0o700)
    assert len(made.routes) == 1
    assert "sub: permission denied" in made.problems[0]


def test_names_that_many_disks_take_for_one(tmp_path):
    names = ["a.jpg", "A.jpg", "e\u0301.jpg", "\xe9.jpg", "a.jpeg"]
    made = plan([tmp_path / "in" / name for name in names], ["w"], str(tmp_path / "out"))
    assert outputs(made, tmp_path / "out") == [
        "a-w.jpg", "A-w-2.jpg", "\xe9-w.jpg", "\xe9-w-2.jpg", "a-w.jpeg",
    ]  # fmt: skip


def test_one_file(tmp_path):
    photo, target = tmp_path / "a.jpg", tmp_path / "x.png"
    (route,) = plan([photo, photo], ["w"], str(target)).routes
    assert (route.input, route.output, route.in_folder) == (photo, target, False)
    with pytest.raises(OutputError, match="one file cannot hold 2 paintings"):
        plan([photo, tmp_path / "b.jpg"], ["w"], str(target))


def test_streams(tmp_path):
    assert plan([STREAM], ["w"], None).routes[0].output == STREAM
    assert plan([tmp_path / "a.jpg"], ["w"], "-").routes[0].output == STREAM
    assert plan([STREAM], ["w"], str(tmp_path / "x.png")).routes[0].output == tmp_path / "x.png"
    named = plan([STREAM], ["w"], f"{tmp_path}/", suffix=".png").routes[0]
    assert named.output == tmp_path / "photo-w.png"
    with pytest.raises(OutputError, match=r"^standard output cannot hold 2 paintings"):
        plan([STREAM, tmp_path / "a.jpg"], ["w"], "-")


def test_nothing_to_paint(tree):
    with pytest.raises(SettingError, match="no photo is named; name one"):
        plan([], ["w"], None)
    top = tree("sub/a.jpg", "notes.txt")
    with pytest.raises(InputError, match="no photo in this folder; recursive=True includes"):
        plan([top], ["w"], None)
    (top / "sub" / "a.jpg").unlink()
    with pytest.raises(InputError, match="no photo in this folder or its subfolders"):
        plan([top], ["w"], None, recursive=True)


def test_those_that_are_painted_are_left_out(tree):
    top = tree("a.jpg", "b.jpg", "painted/a-w.jpg")
    made = plan([top], ["w"], None).without_existing()
    assert [route.input.name for route in made.routes] == ["b.jpg"]
    assert [route.input.name for route in made.skipped] == ["a.jpg"]
    assert (made.total, made.is_single) == (2, False)
    one = plan([top / "b.jpg"], ["w"], None)
    assert one.is_single
    assert one == one.without_existing()


def test_no_file_is_looked_at_more_often_than_there_are_files(tree, monkeypatch):
    """So that the time grows with the photos, and not with their square."""
    from impasto.system.files import Files, check_file

    top = tree(*(f"{number}.jpg" for number in range(60)))
    (top / PAINTED).mkdir()
    made = plan([top], ["w"], None)
    for route in made.routes:
        route.output.touch()
    looks = []
    original = Path.stat

    def stat(path, **options):
        looks.append(path)
        return original(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    inputs = Files(route.input for route in made.routes)
    for route in made.routes:
        check_file(route.output, overwrite=True, inputs=inputs)
    assert len(looks) < 10 * len(made.routes)


def test_paintings_beside_their_photos_are_no_photos(tree):
    top = tree("a.jpg", "b.png", "a-w.jpg", "b-w.png", "c-w.jpg")
    for output in (str(top), f"{top}/"):
        made = plan([top], ["w"], output)
        assert [route.input.name for route in made.routes] == ["a.jpg", "b.png", "c-w.jpg"]
    assert plan([top / "a.jpg", top / "a-w.jpg"], ["w"], None).routes[1].input == top / "a-w.jpg"
