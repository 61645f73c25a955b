import pytest

from impasto.errors import WeightsError
from impasto.models import assets


def test_what_ships_is_there():
    assert [path.name for path in assets.painters()] == list(assets.PAINTERS)


def test_nothing_ships(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    with pytest.raises(WeightsError, match="the networks are missing; install impasto again"):
        assets.painters()
