import numpy as np
import pytest

from impasto.errors import OutputError
from impasto.image.metadata import Metadata
from impasto.painting import Painting


def test_no_word_is_no_file_to_save_to():
    painting = Painting(np.zeros((16, 16, 3), np.uint8), None, Metadata(), (), ())
    with pytest.raises(OutputError, match="the name is empty; name a file"):
        painting.save("")
