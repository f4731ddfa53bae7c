"""`coach doctor`: what works on this machine, and how to fix the rest."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from coach.app import doctor
from coach.cli import CANNOT, DONE
from coach.cli.command import Command
from coach.cli.terminal import Column, print_table

if TYPE_CHECKING:
    from coach.app.doctor import Check, Finding


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def command(*, as_json: bool) -> int:
    """Check what works on this machine, and how to fix the rest.

    Exits with 0 if routines can be spoken and written to a file here, or with 3 if not.
    """
    found = []
    for check, finding in doctor.examine():
        found.append((check, finding))
        if not as_json:
            _print_finding(check, finding)
    works = doctor.is_fit(found)
    if as_json:
        report = {"ok": works, "checks": [_as_data(*each) for each in found], "versions": doctor.versions()}
        click.echo(json.dumps(report, indent=2))
    elif not works:
        click.echo("routines cannot be spoken and exported here; what to do stands behind what is missing")
    elif all(finding.ok for _, finding in found):
        click.echo("all is well")
    else:
        click.echo("routines can be spoken and exported; what to do stands behind what is missing")
    return DONE if works else CANNOT


def _print_finding(check: Check, finding: Finding) -> None:
    state = ("ok", "green") if finding.ok else ("missing", "bold red")
    text = finding.text if finding.remedy is None else f"{finding.text}; {finding.remedy}"
    print_table([Column(7), Column(9), Column()], [(state, check.name, text)])


def _as_data(check: Check, finding: Finding) -> dict[str, object]:
    return {"name": check.name, **asdict(finding), "needed": check.needed}
