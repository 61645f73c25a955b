import pickle

import pytest

from impasto import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.ImpastoError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_use_and_failure_have_their_exit_codes(kind):
    assert kind.exit_code in (1, 2)
    assert kind.__doc__


def test_a_missing_extra_says_how_to_get_it():
    error = errors.MissingExtraError("optimization", "torch")
    assert str(error) == 'optimization needs more packages: pip install "impasto[torch]"'


def test_errors_cross_processes():
    """As from a worker that paints."""
    error = pickle.loads(pickle.dumps(errors.InputError("a.jpg: broken")))
    assert (type(error), str(error)) == (errors.InputError, "a.jpg: broken")
