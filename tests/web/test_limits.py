import pytest

from impasto.errors import SettingError
from impasto.settings import StylizeSettings
from impasto.web.limits import Limits, Options


def test_a_painting_within_the_bounds():
    limits = Limits(megapixels=1)
    limits.check_settings(StylizeSettings(), (1000, 1000))
    limits.check_settings(StylizeSettings(size=100), (5000, 5000))


@pytest.mark.parametrize(("size", "photo"), [(1100, (100, 100)), (5000, (400, 100))])
def test_a_painting_that_is_too_large(size, photo):
    with pytest.raises(SettingError, match="at most 1 megapixels"):
        Limits(megapixels=1).check_settings(StylizeSettings(size=size), photo)


def test_the_cores_are_shared_out(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert [Limits(workers=workers).threads for workers in (1, 2, 3, 20)] == [8, 4, 2, 1]
    with pytest.raises(SettingError, match="threads is 5; this server computes with at most 4"):
        Limits(workers=2).check_settings(StylizeSettings(threads=5), (10, 10))


def test_a_server_is_for_this_machine_alone_unless_somebody_asks_for_more():
    assert Options().host == "127.0.0.1"
    assert Options().names == ()
