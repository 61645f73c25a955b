from impasto.image.suffixes import pictures_in


def test_pictures_in(tmp_path):
    for name in ("b.JPG", "a.heic", "._b.jpg", "notes.txt", ".jpg"):
        (tmp_path / name).touch()
    assert [path.name for path in pictures_in(tmp_path)] == ["a.heic", "b.JPG"]
    assert [path.name for path in pictures_in(tmp_path, {".jpg"})] == ["b.JPG"]


def test_pictures_of_rarer_names_are_seen(tmp_path):
    names = ["a.jfif", "b.jpe", "c.heif", "d.HIF", "e.jp2", "f.tga", "g.ppm", "h.dib"]
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for path in pictures_in(tmp_path)] == names
