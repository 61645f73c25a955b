import subprocess
import sys

import pytest
from typer.testing import CliRunner

from impasto.cli.app import app
from impasto.errors import MissingExtraError
from impasto.web.limits import Options


def run(*words):
    return CliRunner().invoke(app, ["web", *words], prog_name="impasto")


@pytest.fixture
def options(monkeypatch):
    """The options with which a server would have been started."""
    from impasto.web import server

    given = []
    monkeypatch.setattr(server, "serve", given.append)
    return given


def test_the_defaults_are_those_of_the_server(options):
    assert run().exit_code == 0
    assert options == [Options()]


def test_every_option(options):
    words = "--host 0.0.0.0 --port 80 --no-ui --no-browser --max-megapixels 5 --max-megabytes 7"
    words += " --workers 2 --queue 3 --keep-minutes 0.5 --name studio.lan --name other.lan"
    assert run(*words.split()).exit_code == 0
    [given] = options
    assert (given.host, given.port, given.ui, given.browser) == ("0.0.0.0", 80, False, False)
    assert given.names == ("studio.lan", "other.lan")
    limits = given.limits
    assert (limits.pixels, limits.bytes) == (5_000_000, 7_000_000)
    assert (limits.workers, limits.waiting, limits.keep_seconds) == (2, 3, 30)


@pytest.mark.parametrize("words", [["--port", "70000"], ["--workers", "0"], ["--queue", "-1"]])
def test_a_wrong_option_is_one_line(words):
    result = run(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith("impasto: error: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("missing", ["gradio", "fastapi", "uvicorn"])
def test_without_the_extra_there_is_a_hint(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    result = run()
    assert result.exit_code == 1
    problem = MissingExtraError("the studio in the browser", "web")
    assert result.stderr == f"impasto: error: {problem}\n"
    assert 'pip install "impasto[web]"' in result.stderr


def test_help_imports_nothing_of_the_web():
    code = (
        "import sys\nfrom impasto.cli.app import app\n"
        "try: app(['web', '--help'])\nexcept SystemExit: pass\n"
        "assert not {'gradio', 'fastapi', 'uvicorn', 'starlette', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
