"""A routine as one self-contained HTML page, to read on any screen and to print."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING

from coach.borders import clean_for_picture
from coach.phrases import phrasebook
from coach.pictures.lettering import clock
from coach.pictures.sheets import staves
from coach.pictures.svg import STYLE, inline
from coach.pictures.words import describe_step, format_total, words, work_name
from coach.routine import Breathing, Hold, Tempo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coach.phrases import Phrasebook
    from coach.pictures.words import Words
    from coach.routine import Exercise, Routine, Text
    from coach.timeline import Cue, Timeline

_LOOK = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --grey: #595959; --line: #d5d5d5;
  --mark: #0b6b61 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16191b; --ink: #ececec; --grey: #a9adb0; --line: #3a3f42; --mark: #6fd6c8 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.05rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 .5rem }
h2 { font-size: 1.3rem; line-height: 1.25; margin: 2rem 0 .25rem; padding-top: .75rem;
  border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: .9rem 0 .1rem }
p { margin: .35rem 0 }
ul, ol { margin: .2rem 0; padding-inline-start: 1.4rem }
.facts, .notes, td:first-child { color: var(--grey) }
.dose { color: var(--mark); font-weight: 600 }
details { border-bottom: 1px solid var(--line) }
summary { padding: .55rem 0; cursor: pointer }
summary span { color: var(--grey) }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem }
th, td { text-align: start; vertical-align: top; padding: .12rem .8rem .12rem 0; font-weight: normal }
th, td:first-child { color: var(--grey); white-space: nowrap; font-variant-numeric: tabular-nums }
td:last-child { text-align: end; white-space: nowrap; padding-inline-end: 0; color: var(--grey) }
.beat { font-weight: 600 }
.sheets { overflow-x: auto }
svg { display: block; width: 100%; min-width: 44rem; background: #fff; border-radius: 4px;
  margin: .5rem 0; padding: .75rem }
@page { size: auto; margin: 10mm }
@media print {
  :root { --paper: #fff; --ink: #000; --grey: #444; --line: #bbb; --mark: #000 }
  body { font-size: 11pt }
  main { max-width: none; padding: 0 }
  section, svg { break-inside: avoid }
  h1, h2, h3 { break-after: avoid }
  .course { display: none }
  .sheets { overflow: visible; break-before: page }
  svg { min-width: 0; margin: 0; padding: 0 } }"""


def html(timeline: Timeline, routine: Routine) -> str:
    """Return a routine as a page: what to do and how, what is said and when, and a picture of it all.

    It contains no scripts and loads nothing.

    Args:
        timeline: the compiled routine.
        routine: the routine it was compiled from.
    """
    told, book = words(timeline.language), phrasebook(timeline.language)
    level = told.level(timeline.level)
    facts = [format_total(timeline.length, told), level, f"{told.voice} {timeline.voice}"]
    things = list(dict.fromkeys(thing for step in routine.exercises() for thing in step.equipment))
    sections = dict.fromkeys(_format_section(step, told, book) for step in routine.work())
    parts = [
        _element("h1", timeline.title),
        _element("p", " · ".join(filter(None, facts)), "facts"),
        _element("p", routine.about),
        _element("p", book.sentence("needs", things=book.together(things)) if things else None),
        *sections,
        '<section class="course">',
        _element("h2", told.course),
        *_course(timeline, told),
        "</section>",
        f'<div class="sheets" role="region" tabindex="0" aria-label="{_escape(told.picture)}">',
        _element("h2", told.picture),
        *(inline(sheet, f"{told.picture}: {timeline.title}") for sheet in staves(timeline)),
        "</div>",
    ]
    body = "\n".join(filter(None, parts))
    return f"""\
<!DOCTYPE html>
<html lang="{_escape(timeline.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{_escape(timeline.title)}</title>
<style>
{_LOOK}
{STYLE}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _format_section(step: Exercise | Breathing, told: Words, book: Phrasebook) -> str:
    """Return everything there is to know about a step."""
    parts = [_element("h2", work_name(step, book)), _element("p", describe_step(step, book), "dose")]
    if not isinstance(step, Breathing):
        parts += [
            _element("p", step.position),
            *_format_list(told.setup, (_fill_text(text, step, book) for text in step.setup), "ol"),
            *_format_list(told.reminders, (_fill_text(text, step, book) for text in step.reminders), "ul"),
            _element("p", step.notes, "notes"),
        ]
    return "\n".join(["<section>", *filter(None, parts), "</section>"])


def _format_list(title: str, texts: Iterable[str], kind: str) -> Iterator[str]:
    """Yield a list with its title; nothing if there are no texts."""
    if items := [_element("li", text) for text in dict.fromkeys(texts)]:
        yield _element("h3", title)
        yield f"<{kind}>{''.join(items)}</{kind}>"


def _fill_text(text: Text, step: Exercise, book: Phrasebook) -> str:
    """Return a text as it is said on the first side; what changes from rep to rep becomes an ellipsis."""
    values = defaultdict(lambda: "…", exercise=step.name, sets=str(step.sets))
    if step.sides:
        values["side"] = book.side(step.sides[0])
    if isinstance(dose := step.whole_dose, (Tempo, Hold)):
        values["reps"] = str(dose.reps.low)
    return text.fill(values)


def _course(timeline: Timeline, told: Words) -> Iterator[str]:
    """Yield a collapsed table for each chapter: what is said, and when."""
    cues = iter(timeline.cues)
    cue = next(cues, None)
    for chapter in timeline.chapters:
        lasts = clock(chapter.end - chapter.start)
        yield f"<details><summary><span>{clock(chapter.start)}</span> <bdi>{_escape(chapter.title)}</bdi>"
        yield f"<span>({lasts})</span></summary>\n<table>"
        heads = "".join(
            f'<th scope="col">{_escape(head)}</th>' for head in (told.time, told.heard, told.reps)
        )
        yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
        while cue is not None and cue.start < chapter.end:
            yield _row(cue)
            cue = next(cues, None)
        yield "</tbody>\n</table></details>"


def _row(cue: Cue) -> str:
    time = clock(cue.start if cue.beat is None else cue.beat)
    beat = ' class="beat"' if cue.beat is not None else ""
    return f'<tr><td>{time}</td><td{beat} dir="auto">{_escape(cue.text)}</td><td>{cue.rep or ""}</td></tr>'


def _element(tag: str, text: str | None, kind: str = "") -> str:
    """Return a text as an element with its own writing direction; "" if there is no text."""
    name = f' class="{kind}"' if kind else ""
    return f'<{tag}{name} dir="auto">{_escape(text)}</{tag}>' if text else ""


def _escape(text: str) -> str:
    return escape(clean_for_picture(text))
