import os

import pytest

from impasto.system.cores import limited, threads, usable_cores, wanted_threads


@pytest.mark.parametrize(
    ("word", "threads"), [("3", 3), (" 2,4", 2), ("0", None), ("", None), ("many", None)]
)
def test_the_variable_of_openmp(monkeypatch, word, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", word)
    assert wanted_threads() == threads


def test_without_a_word_all_cores_that_are_usable(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_a_limit_holds_in_its_body_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    with limited(1):
        assert threads() == 1
        with limited(None):
            assert threads() == 1
    assert threads() == 3
