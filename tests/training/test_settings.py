"""The settings of the painter's training."""

import inspect
from dataclasses import fields

import pytest

from impasto.cli.train import painter
from impasto.training.settings import PainterTraining

DEFAULTS = {field.name: field.default for field in fields(PainterTraining)}


@pytest.mark.parametrize("name", ["size", "batch", "together", "start", "teacher"])
def test_defaults_are_those_of_the_command(name: str) -> None:
    assert inspect.signature(painter).parameters[name].default == DEFAULTS[name]
