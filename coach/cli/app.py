"""The group of all commands, and what becomes of their errors."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from importlib import import_module

import click

import coach
from coach.cli import CANNOT, COMMAND_WRONG, COMMANDS, DONE, SCRIPT_WRONG
from coach.errors import CoachError, ScriptError


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
def cli() -> None:
    """Turn routine scripts into spoken, beat-accurate exercise tracks.

    A SCRIPT is a path, or the bare name of one in ./scripts, in your own scripts, or shipped.
    """


def run() -> int:
    """Run the command line with the process's arguments and return its exit code.

    Every error is one clear line, a script's problems a line each.

    Raises:
        KeyboardInterrupt: the person interrupted it.
    """
    for stream in (sys.stdout, sys.stderr):  # a character that a stream does not know is spelled out
        with suppress(AttributeError):  # a stand-in of some test or program
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _dispatch(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        _forget_stdout()
        return DONE
    except Exception as error:
        if isinstance(error, OSError):
            _forget_stdout()
        told = explained(error)
        if told is None:
            raise
        return _told(*told)
    return code


def explained(error: Exception) -> tuple[str, int] | None:
    """Return what a person is told of an error, a line or several, and the exit code for it.

    None is for a fault of Coach's own that somebody wants to see where it happened.

    Raises:
        KeyboardInterrupt: that is what it comes of.
    """
    if isinstance(error, click.ClickException):
        return _usage(error), COMMAND_WRONG
    if isinstance(error, ScriptError):
        return "\n".join(map(one_line, error.lines())), SCRIPT_WRONG
    if isinstance(error, CoachError):
        return f"coach: {one_line(str(error))}", CANNOT
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else " (standard output)"
        return f"coach: {one_line(error.strerror or str(error))}{one_line(where)}", CANNOT
    if _interrupted(error):
        raise KeyboardInterrupt from error
    if os.environ.get("COACH_TRACEBACK"):
        return None
    fault = one_line(f"{type(error).__name__}: {error}")
    return f"coach: a fault of Coach's own ({fault}); COACH_TRACEBACK=1 shows where", CANNOT


def _dispatch(arguments: list[str]) -> int:
    """Call the command that the arguments name. Unlike click's own `main` it leaves every error to us."""
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


def _usage(error: click.ClickException) -> str:
    """Return what is wrong with the command line, in one line."""
    message = one_line(" ".join(error.format_message().split())).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    place = context.command_path if context else "coach"
    explained = isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter)
    if not explained and "?" not in message:
        message += f"; '{place} --help' tells more"
    return f"{place}: {message}"


def one_line(text: str) -> str:
    """Return a text with its control characters spelled out: it can't break a line or command a terminal."""
    return re.sub(
        r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: found[0].encode("unicode_escape").decode(), text
    )


def _told(message: str, code: int) -> int:
    with suppress(OSError):  # nobody can be told: the exit code still tells
        click.echo(message, err=True)
    return code


def _interrupted(error: BaseException | None) -> bool:
    """Return whether an error comes of Ctrl-C: amid an import Python may make another one of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _forget_stdout() -> None:
    """Send what is still buffered for a closed or full standard output nowhere, so that exiting is quiet."""
    with suppress(OSError, ValueError, AttributeError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)
