"""Commands that turn a refused request into an error of the command line."""

from __future__ import annotations

from typing import Any, NoReturn

import click

from coach.errors import RefusedError


class Command(click.Command):
    """A command that reports a refused request as an error of the option that made it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Raises:
            click.BadParameter: the request was refused.
        """
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            _raise_usage(error, ctx)


class CommandGroup(click.Group):
    """A command that has commands of its own."""

    command_class = Command


def _raise_usage(error: RefusedError, ctx: click.Context) -> NoReturn:
    names = (error.option, f"{error.option}s")
    param = next((param for param in ctx.command.params if param.name in names), None)
    raise click.BadParameter(str(error), ctx, param, None if param else error.option) from error
