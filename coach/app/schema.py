"""The JSON Schema of scripts as a file, for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from coach.atomic import replace_file
from coach.script.format import schema

if TYPE_CHECKING:
    from pathlib import Path


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def write_schema(path: Path) -> None:
    """Write the schema to a file, all or nothing.

    Raises:
        AudioError: it cannot be written.
    """
    data = schema_text().encode()
    with replace_file(path, len(data)) as file:
        file.write(data)
