"""The group of all commands, and how one of them is run."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

import coach
from coach.cli import COMMAND_WRONG, COMMANDS, DONE
from coach.cli.errors import explain


class _Commands(click.Group):
    """A group that knows its commands by name and imports one when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"coach.cli.{COMMANDS[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from difflib import get_close_matches

            close = get_close_matches(name, COMMANDS, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise click.UsageError(f"no command '{name}'{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(coach.__version__, "-V", "--version", prog_name="coach")
@click.option(
    "-v", "--verbose", is_flag=True, help="Say on standard error what is done, and how long it takes."
)
def cli(*, verbose: bool) -> None:
    """Turn routine scripts into spoken, beat-accurate exercise tracks.

    SCRIPT is a path, or the name of a script in ./scripts, in your own scripts folder, or among those that
    ship with Coach.
    """
    if verbose:
        from coach.cli.verbose import log_to_stderr

        log_to_stderr()


def run() -> int:
    """Run the command line with the process's arguments and return its exit code.

    Every error is one clear line; a script's problems have one line each.

    Raises:
        KeyboardInterrupt: the user interrupted it.
    """
    for stream in (sys.stdout, sys.stderr):  # characters that a stream can't encode are written as escapes
        with suppress(AttributeError):  # a replacement by a test or a program
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _dispatch(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has seen enough
        _forget_stdout()
        return DONE
    except Exception as error:
        if isinstance(error, OSError):
            _forget_stdout()
        told = explain(error)
        if told is None:
            raise
        return _tell(*told)
    return code


def _dispatch(arguments: list[str]) -> int:
    """Call the command that the arguments name. Unlike click's own `main`, it leaves every error to us."""
    if "_COACH_COMPLETE" in os.environ:  # a shell asks for completions
        cli.main(arguments, prog_name="coach")
    try:
        with cli.make_context("coach", arguments) as context:
            if not arguments:
                click.echo(context.get_help(), err=True)
                return COMMAND_WRONG
            code = cli.invoke(context)
    except click.exceptions.Exit as end:  # of --help and --version
        code = end.exit_code
    return code if isinstance(code, int) else DONE


def _tell(message: str, code: int) -> int:
    with suppress(OSError):  # nobody can read it, but the exit code remains
        click.echo(message, err=True)
    return code


def _forget_stdout() -> None:
    """Discard what is still buffered for a closed or full standard output, so that exiting is quiet."""
    with suppress(OSError, ValueError, AttributeError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)
