"""The command line: one small module a command, loaded only when it is called."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

import coach

COMMANDS = {
    "check": ("check", "Report every problem of a script, and what does not fit."),
    "show": ("show", "Print a routine's timeline: what is heard, and when."),
    "play": ("play", "Play a routine."),
    "export": ("export", "Write a routine as an MP3 or WAV file."),
    "list": ("listing", "List the routines that a bare name finds, with their lengths."),
    "say": ("say", "Speak a text, or write it to a file."),
}
"""Commands with the module that has each, and the line that `coach --help` shows without loading it."""

DONE, SCRIPT_WRONG, COMMAND_WRONG, CANNOT, INTERRUPTED = 0, 1, 2, 3, 130


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
            hint = f"did you mean '{close[0]}'?" if close else "'coach --help' lists them."
            raise click.UsageError(f"No command '{name}'; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(coach.__version__, "-V", "--version", prog_name="coach")
def cli() -> None:
    """Turn routine scripts into spoken, beat-accurate exercise tracks.

    A SCRIPT is a path, or the bare name of one in ./scripts, in your own scripts, or shipped.
    """


def main() -> None:
    """Run the command line; every error is one clear line and an exit code of its own."""
    sys.exit(run())


def run() -> int:
    """Run the command line with the process's arguments and return its exit code.

    0: done; 1: the script is wrong; 2: the command line is wrong; 3: this machine cannot; 130: interrupted.
    """
    from coach.errors import CoachError, ScriptError

    try:
        code = cli.main(prog_name="coach", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return COMMAND_WRONG
    except (KeyboardInterrupt, click.Abort):
        click.echo("coach: interrupted", err=True)
        return INTERRUPTED
    except ScriptError as error:
        click.echo("\n".join(error.lines()), err=True)
        return SCRIPT_WRONG
    except CoachError as error:
        click.echo(f"coach: {error}", err=True)
        return CANNOT
    except BrokenPipeError:  # whoever read our output has seen enough
        _forget_stdout()
        return DONE
    except OSError as error:  # the standard output is a full disk, for example
        _forget_stdout()
        where = f" ({error.filename})" if error.filename else ""
        click.echo(f"coach: {error.strerror or error}{where}", err=True)
        return CANNOT
    except Exception as error:
        if os.environ.get("COACH_TRACEBACK"):
            raise
        kind = type(error).__name__
        told = f"coach: a fault of Coach's own ({kind}: {error}); COACH_TRACEBACK=1 shows where"
        click.echo(told, err=True)
        return CANNOT
    return code if isinstance(code, int) else DONE


def _forget_stdout() -> None:
    """Send what is still buffered for a closed or full standard output nowhere, so that exiting is quiet."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
