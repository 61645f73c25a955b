"""Failures of what writes files, for several tests."""

import pytest

from impasto.errors import OutputError


def refused(call, path, part, exit_code=2, **options):
    """Expect a call to fail with one line that names the file and to leave its folder alone."""
    folder = path.parent
    before = set(folder.iterdir()) if folder.is_dir() else None
    with pytest.raises(OutputError, match=part) as caught:
        call(path, **options)
    assert len(str(caught.value).splitlines()) == 1
    assert path.name in str(caught.value)
    assert caught.value.exit_code == exit_code
    if before is not None:
        assert set(folder.iterdir()) == before


def failing(error):
    """A function that always raises an error."""

    def fail(*_, **__):
        raise error

    return fail
