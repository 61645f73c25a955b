"""The program: its commands, and how it reports what goes wrong in them."""

import subprocess
import sys

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

import impasto as package
from impasto.cli import app as program
from impasto.errors import InputError


def test_version(impasto):
    result = impasto("--version")
    assert (result.exit_code, result.stdout) == (0, f"impasto {package.__version__}\n")


def test_lists_its_commands(impasto):
    result = impasto("--help")
    for command in program.COMMANDS:
        assert f" {command} " in result.stdout


def test_every_command_is_in_the_module_of_its_name():
    commands = get_command(program.app).commands
    assert [command.name for command in commands.values()] == list(program.COMMANDS)


def test_its_commands_stay_after_the_list():
    commands = get_command(program.app)
    with pytest.raises(SystemExit):
        commands.main(["--help"], "impasto")
    assert commands.commands["stylize"].params


@pytest.mark.parametrize(("name", "line"), program.COMMANDS.items())
def test_a_command_s_own_help_begins_with_its_line_in_the_list(name, line):
    assert program.Commands()[name].help.startswith(line)


def test_only_the_command_asked_for_is_imported():
    code = (
        "import sys; from impasto.cli.app import app\n"
        "app(['stylize', '--help'], standalone_mode=False)\n"
        "assert 'impasto.cli.stylize' in sys.modules\n"
        "assert not {'impasto.cli.optimize', 'impasto.cli.train'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_command_is_imported_once():
    commands = program.Commands()
    assert commands["styles"] is commands["styles"]
    assert [*commands] == [*program.COMMANDS]
    assert len(commands) == len(program.COMMANDS)
    with pytest.raises(KeyError):
        commands["paint"]


def run(problem, *words):
    """Run a program whose command `paint` raises an error."""
    app = typer.Typer(cls=program.Program, pretty_exceptions_enable=False)

    @app.callback()
    def group():
        pass

    @app.command()
    def paint():
        raise problem

    return CliRunner().invoke(app, words, prog_name="impasto")


def test_an_error_of_the_user_s_is_one_line_and_any_other_is_raised():
    result = run(InputError("photo.jpg: no such file"), "paint")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "impasto: error: photo.jpg: no such file\n"
    mistake = ZeroDivisionError("a mistake of impasto's")
    assert run(mistake, "paint").exception is mistake


def test_options_before_the_command_are_checked_too():
    result = run(InputError("not reached"), "--sice", "paint")
    assert result.exit_code == 2
    assert result.stderr.startswith("impasto: error: no such option")
    assert len(result.stderr.splitlines()) == 1
