"""A server on a port of its own, and pictures to send to it."""

import pytest
from PIL import Image

from .running import encoded, running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("server")) as told:
        yield told


@pytest.fixture
def serve(tmp_path):
    """Makes a server with bounds of its own."""
    return lambda **limits: running(tmp_path, **limits)


@pytest.fixture(scope="session")
def photo_bytes(blotches):
    """A JPEG of 96 x 64 pixels, with EXIF."""
    exif = Image.Exif()
    exif[0x010E] = "the harbour"
    return encoded(blotches(1, 96, 64), exif=exif)


@pytest.fixture(scope="session")
def style_bytes(blotches):
    """A PNG of 64 x 64 pixels."""
    return encoded(blotches(2, 64, 64), "PNG")
