"""impasto as a stranger meets it."""

import pytest
from typer.testing import CliRunner

from impasto.cli.app import app


@pytest.fixture
def impasto_fails():
    """Runs the program in this process; it must fail with one line about a file."""

    def run(path, *words, exit_code=2):
        result = CliRunner().invoke(app, [str(word) for word in words], prog_name="impasto")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"impasto: error: {path}: ")
        return line

    return run
