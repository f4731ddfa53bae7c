"""Write a new script to start from: an explained one, or a copy."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coach import script
from coach.app.reporter import SILENT
from coach.app.schema import schema_text
from coach.app.shell import quote
from coach.atomic import check_target, replace_file
from coach.errors import AudioError, RefusedError
from coach.user_folders import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Node

    from coach.app.reporter import Reporter

_SUFFIXES = (".yaml", ".yml")
_SCHEMA = "coach.schema.json"
_LONGEST = 200  # bytes of a file's name, which leaves room for a suffix on any file system
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # on some system
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names of devices on Windows
_MODELINE = re.compile(r"^#[ \t]*yaml-language-server:[^\r\n]*", re.MULTILINE)
_ANCHOR = re.compile(r"&\S+\s+")

_TEMPLATE = """\
# A routine for Coach. Lines that begin with # are notes for you: keep them, or delete them.
#
#   coach check {call}    finds mistakes, each with its line
#   coach show {call}     prints what will be heard, and when
#   coach play {call}     plays it
#   coach export {call}   writes an MP3 for your phone

title: {title}
about: A sentence about it, which 'coach list' shows.
language: en             # 'coach voices' shows which ones there are

# What every exercise below starts from. Times are seconds, or 45s, 1m30s, 1:30.
defaults:
  rest: 45               # between two sets

steps:
  # Spoken as it stands, with a pause of five seconds behind it.
  - say: Get a mat, and lie down on your side.
    pause: 5

  # An exercise that comes with Coach: tempo, sides and words included. What you write here overrides it.
  - use: clamshell
    sets: 2

  # What comes next is announced in the rest, so that the exercise begins when the rest is over.
  - rest: 40

  # An exercise of your own: the phases of one repetition in their order, with their seconds.
  - exercise: Bridge
    reps: 10
    tempo: {{up: 1, hold: 2, down: 3}}
    sets: 2
    setup: Lie on your back, feet flat on the floor.
    reminders:           # spoken now and then, where there is room
      - Push through your heels.
      - Keep your ribs down.

  # Another one is held, on each side. To have it, take the leading # away from these lines.
  # - rest: 30
  # - exercise: Side plank
  #   hold: 20
  #   reps: 2
  #   sides: [left, right]
  #   setup: Lie on your side, and rest on your forearm.

  # Slow breathing to end with: seconds in, seconds out.
  - say: Now let your breath become slow.
    pause: 3
  - breathing: {{in: 4, out: 6}}
    rounds: 4
"""


class NewScript(NamedTuple):
    """A script that was written.

    Attributes:
        path: the file.
        name: what the user types for it: its name alone if that finds it, or else its path.
        hides: another script that this name found until now; None without one.
    """

    path: Path
    name: str
    hides: Path | None


def write_script(
    name: str, *, source: Path | None = None, output: str | None = None, reporter: Reporter = SILENT
) -> NewScript:
    """Write a script that explains itself and can be played as it is, or a copy of another script.

    Args:
        name: its name; it becomes NAME.yaml in ./scripts, or here if there is no such folder. It
            may also be a path.
        source: the script to copy; None for none.
        output: a different file for it, or a folder.
        reporter: receives progress, notes and warnings.

    Raises:
        RefusedError: no file can or should have this name, or it already exists.
        ScriptError: `source` has problems.
        AudioError: it cannot be written.
    """
    title, target = _place(name, output)
    if source is not None:
        script.load(source)  # its problems are reported now
    check_target(target)
    hidden = script.find(target.stem)
    call = _call(target)
    if source is None:
        text = _TEMPLATE.format(title=_scalar(title), call=call)
    else:
        text = _copy(source, target, title)
    _write(target, _pointing(text, _schema_for(target, reporter)))
    hides = hidden if script.find(target.stem) == target else None
    return NewScript(target, _call(target), hides)


def _place(name: str, output: str | None) -> tuple[str, Path]:
    """Return the title and the file that a name means.

    Raises:
        RefusedError: no file can or should have this name.
    """
    if name[-1:] in ("/", os.sep):
        raise RefusedError("name", f"must end in the name of a file (got '{name}')")
    named = Path(name)
    path_given = named.suffix.lower() in _SUFFIXES or named.name != name
    stem = named.stem if named.suffix.lower() in _SUFFIXES else named.name
    title = " ".join(stem.replace("_", " ").replace("-", " ").split())
    _check(stem if path_given else name, title, name)
    file = f"{'_'.join(stem.split())}{named.suffix if named.suffix.lower() in _SUFFIXES else '.yaml'}"
    folder = named.parent if path_given else Path("scripts" if Path("scripts").is_dir() else "")
    target = folder / file
    if output:
        target = Path(output)
        if output[-1] in "/\\" or target.is_dir():
            target /= file
        elif target.suffix.lower() not in _SUFFIXES:
            raise RefusedError("output", f"must be a folder, or a file that ends in .yaml (got '{output}')")
    elif output is not None:
        raise RefusedError("output", "must be a file or a folder (got '')")
    return title[:1].upper() + title[1:], target


def _check(stem: str, title: str, name: str) -> None:
    """Refuse a name that no file, or no script, can have.

    Raises:
        RefusedError: it can't be used; the message says why.
    """
    wrong = None
    if found := _FORBIDDEN.search(stem):
        wrong = f"must not hold {found[0]!r}"
    elif not title or not any(map(str.isalnum, title)):
        wrong = "must hold a letter or a digit"
    elif stem[0] in ".-" or stem[-1] == ".":
        wrong = "must not begin with a dot or a dash, nor end with a dot"
    elif _RESERVED.fullmatch(stem.strip()):
        wrong = "must not be the name of a device on Windows"
    elif len(stem.encode("utf-8", "replace")) > _LONGEST:
        wrong = f"must be at most {_LONGEST} bytes long"
    elif any("\ud800" <= character <= "\udfff" for character in stem):
        wrong = "must be text"
    if wrong:
        short = name if len(name) <= 40 else f"{name[:37]}..."
        raise RefusedError("name", f"{wrong} (got '{short}')")


def _call(target: Path) -> str:
    """Return what the user types for a script: its name alone if that finds it, or else its path."""
    shelves = [os.path.abspath(shelf) for shelf in script.shelves()]  # noqa: PTH100 - resolve() follows links
    file, folder = os.path.abspath(target), os.path.abspath(target.parent)  # noqa: PTH100 - as above
    if folder in shelves:
        found = script.find(target.stem)
        later = shelves[shelves.index(folder) + 1 :]
        if found is None or os.path.abspath(found) == file or os.path.abspath(found.parent) in later:  # noqa: PTH100
            return quote(target.stem)
    return quote(str(target))


def _copy(source: Path, target: Path, title: str) -> str:
    """Return the text of a script with another title, and with paths that work from its new place."""
    import yaml

    from coach.script.document import read_file

    text = read_file(source, str(source))
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    edits = [*_retitled(root, title), *_repathed(root, source.parent, target.parent)]
    for node, new in sorted(edits, key=lambda edit: -edit[0].start_mark.index):
        start, end = node.start_mark.index, node.end_mark.index
        old = text[start:end]
        anchor = _ANCHOR.match(old)
        behind = "\n" if old.endswith("\n") else ""  # a block of lines
        text = f"{text[:start]}{anchor[0] if anchor else ''}{new}{behind}{text[end:]}"
    return text


def _retitled(root: Node, title: str) -> Iterator[tuple[Node, str]]:
    """Yield the value of the title, and its replacement."""
    for key, value in root.value:
        if key.value == "title":
            yield value, _scalar(title)


def _repathed(root: Node, old: Path, new: Path) -> Iterator[tuple[Node, str]]:
    """Yield the paths that would mean something else in a script's new folder, and their replacements."""
    import yaml

    seen: set[int] = set()
    waiting = [value for key, value in root.value if key.value not in ("vars", "pronounce")]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value in ("include", "file") and isinstance(value, yaml.ScalarNode):
                    if id(value) not in seen and (path := _seen_from(value.value.strip(), old, new)):
                        yield value, _scalar(path)
                    seen.add(id(value))
                else:
                    waiting.append(value)


def _seen_from(path: str, old: Path, new: Path) -> str | None:
    """Return a file's path from a new folder; None if the old one still works.

    It is relative if the file is inside the folder or its parent, and absolute if not.
    """
    before, there = Path(os.path.abspath(old)), Path(os.path.abspath(new))  # noqa: PTH100 - links stay
    if before == there or path.startswith("~") or Path(path).is_absolute():
        return None
    file = Path(os.path.normpath(before / path))
    if not file.is_relative_to(there.parent) or len(there.parts) < 3:
        return str(file)
    return Path(os.path.relpath(file, there)).as_posix()


def _scalar(text: str) -> str:
    """Return a text as YAML: plain if every reader would read it as exactly this text, and quoted if not."""
    import yaml

    try:
        plain = yaml.safe_load(f"- title: {text}\n- [{text}, x]\n") == [{"title": text}, [text, "x"]]
    except (yaml.YAMLError, ValueError):
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)


def _pointing(text: str, schema: str | None) -> str:
    """Return a script with the line that tells editors its schema; it replaces an older one."""
    if schema is None:
        return _MODELINE.sub("# 'coach schema' prints the schema for editors", text)
    line = f"# yaml-language-server: $schema={schema}"
    if _MODELINE.search(text):
        return _MODELINE.sub(lambda _: line, text, count=1)
    return f"{line}{chr(13) if chr(13) in text.partition(chr(10))[0] else ''}\n{text}"


def _schema_for(target: Path, reporter: Reporter) -> str | None:
    """Return where an editor finds the schema of a script: beside it, or else in the user's data folder.

    There it is rewritten when the format has changed, so older scripts benefit too. None if that fails.
    """
    text = schema_text()
    if _holds(target.with_name(_SCHEMA), text):
        return _SCHEMA
    path = data_folder() / _SCHEMA
    try:
        if not _holds(path, text):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replace_file(path, len(text)) as file:
                file.write(text.encode())
    except (AudioError, OSError) as error:
        told = getattr(error, "strerror", None) or error
        reporter.note(f"editors get no schema: {told}")
        return None
    return path.absolute().as_uri()  # a path with a space would end there


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False


def _write(target: Path, text: str) -> None:
    """Write a new file, all or nothing.

    Raises:
        RefusedError: a file with that name already exists.
        AudioError: it cannot be written.
    """
    try:
        target.open("xb").close()  # from now on, the name is ours
    except FileExistsError:
        raise RefusedError("name", f"{target} is there already; name another one, or edit it") from None
    except OSError as error:
        raise AudioError(f"cannot write {target}: {error.strerror or error}") from error
    try:
        data = text.encode()
        with replace_file(target, len(data)) as file:
            file.write(data)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
