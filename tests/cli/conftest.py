"""impasto as a user meets it: words in, exit code and lines out."""

import pytest
from typer.testing import CliRunner

from impasto.cli.app import app


@pytest.fixture
def impasto():
    """Runs the program in this process."""

    def run(*words):
        result = CliRunner().invoke(app, [str(word) for word in words], prog_name="impasto")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def fails(impasto):
    """Runs the program, which must fail with one line that says why."""

    def run(part, *words, exit_code=2):
        result = impasto(*words)
        assert result.exit_code == exit_code, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("impasto: error: ")
        assert part in line
        return line

    return run
