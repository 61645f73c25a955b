import os

import pytest

from impasto.system.cores import usable_cores, wanted_threads


@pytest.mark.parametrize(
    ("word", "threads"), [("3", 3), (" 2,4", 2), ("0", None), ("", None), ("many", None)]
)
def test_the_variable_of_openmp(monkeypatch, word, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", word)
    assert wanted_threads() == threads


def test_without_a_word_all_cores_that_are_usable(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
