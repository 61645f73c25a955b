"""Whether the optional dependencies are installed."""

from importlib.util import find_spec

from impasto.errors import MissingExtraError


def require(feature: str, extra: str, *modules: str) -> None:
    """Makes sure that modules can be imported, without importing them.

    Raises:
        MissingExtraError: one is not installed; the message names the extra that brings it.
    """
    if not all(find_spec(module) for module in modules):
        raise MissingExtraError(feature, extra)
