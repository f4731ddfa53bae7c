"""From a request to a timeline: load the script, fit its doses to the user, compile it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from coach import script
from coach.app.reporter import SILENT
from coach.app.sessions import SessionReader
from coach.app.stages import log_stage
from coach.errors import RefusedError, ScriptError
from coach.routine import Guidance
from coach.speech import open_speech
from coach.timeline import compile_routine, rehearse

if TYPE_CHECKING:
    from coach.app.reporter import Reporter
    from coach.app.request import Request
    from coach.app.sessions import Sessions
    from coach.history import SessionLog
    from coach.routine import Routine
    from coach.speech import Speech
    from coach.timeline import Timeline

_log = logging.getLogger(__name__)


class Prepared(NamedTuple):
    """What is ready to be heard.

    Attributes:
        script: the routine, as in its script.
        routine: the same with today's doses.
        timeline: its track.
        speech: the voice that has its sound.
    """

    script: Routine
    routine: Routine
    timeline: Timeline
    speech: Speech


def prepare(
    request: Request,
    reporter: Reporter = SILENT,
    *,
    guidance: Guidance = Guidance.AUTO,
    sessions: Sessions | None = None,
    resumes: SessionLog | None = None,
) -> Prepared:
    """Return the track of a request: the whole way from the script to the timeline.

    Args:
        request: the request.
        reporter: receives progress, notes and warnings.
        guidance: how much is said if neither the request nor the script decides it.
        sessions: gives the log of sessions; None to read it when it is needed.
        resumes: the session to continue; doses and guidance are as they were for it.

    Raises:
        ScriptError: with every problem in the script.
        RefusedError: the script has no side or no level that was asked for.
        SpeechError: no voice speaks the language, or the voice failed.
    """
    plain = load(request)
    routine = fit(request, plain, sessions or SessionReader(reporter), guidance=guidance, resumes=resumes)
    timeline, speech = compile_track(request, routine, reporter)
    return Prepared(plain, routine, timeline, speech)


def load(request: Request) -> Routine:
    """Return a script's routine as requested, but its doses not yet fitted to the user.

    Raises:
        ScriptError: with every problem in the script.
        RefusedError: no exercise has a side or the level that was asked for.
    """
    with log_stage(_log, f"load {request.script} (level {request.level or 'plain'})"):
        routine = _load(request)
    _check_sides(request, routine)
    choice = routine.voice
    if request.voice is not None:
        choice = replace(choice, engine="auto", name=request.voice)
    if request.rate is not None:
        choice = replace(choice, rate=request.rate)
    if request.volume is not None:
        choice = replace(choice, volume=request.volume)
    if request.level and request.level not in routine.levels:
        levels = " and ".join(f"'{level}'" for level in routine.levels)
        has = f"its exercises have {levels}" if levels else "its exercises have no levels"
        raise RefusedError("level", f"no exercise of {request.script} has the level '{request.level}'; {has}")
    return replace(routine, voice=choice)


def _load(request: Request) -> Routine:
    return script.load(
        request.script,
        level=request.level,
        change=request.change,
        language=request.language,
        sources=request.sources,
    )


def _check_sides(request: Request, routine: Routine) -> None:
    """Refuse a side that no exercise has: it is probably a typing mistake."""
    wanted = request.change.sides or ()
    if set(wanted) <= _sides_of(routine).keys():
        return
    every = _load(replace(request, change=replace(request.change, sides=None)))
    known = list(_sides_of(every))
    unknown = [side for side in wanted if side not in known]
    if unknown:
        of = request.script
        there = f"the sides of {of} are {', '.join(known)}" if known else f"{of} has no sides"
        raise RefusedError("sides", f"no side '{unknown[0]}'; {there}")


def _sides_of(routine: Routine) -> dict[str, None]:
    return dict.fromkeys(side for exercise in routine.exercises() for side in exercise.sides)


def fit(
    request: Request,
    routine: Routine,
    sessions: Sessions,
    *,
    guidance: Guidance = Guidance.AUTO,
    resumes: SessionLog | None = None,
) -> Routine:
    """Return a routine with today's doses, and with as much guidance as requested or needed.

    Args:
        request: the request.
        routine: the routine that `load` returned for it.
        sessions: gives the log of sessions; it is asked only if something depends on it.
        guidance: how much is said if neither the request nor the script decides it.
        resumes: the session to continue; doses and guidance are as they were for it.
    """
    from coach.progress import grows, today

    guidance = request.guidance or routine.guidance or guidance
    log: list[SessionLog] = []
    if guidance is Guidance.AUTO or (request.grows and any(map(grows, routine.exercises()))):
        log = list(sessions())
    now = datetime.now().astimezone()
    while resumes:
        now = resumes.started
        log = [each for each in log if each.id < resumes.id]
        earlier = resumes.options.get("resumes")
        resumes = next((each for each in log if each.id == earlier), None)
    return today(routine, log, now, grows=request.grows, guidance=guidance)


def compile_track(request: Request, routine: Routine, reporter: Reporter = SILENT) -> tuple[Timeline, Speech]:
    """Return a routine's timeline and the voice with its sound: open a voice, speak what is missing, compile.

    A dose that has grown beyond its round of `every` is held at what fits, with a warning.

    Raises:
        ScriptError: the routine cannot be spoken as it is.
        SpeechError: no voice speaks the language, or the voice failed.
    """
    with log_stage(_log, f"open a voice for '{routine.language}'"):
        speech = open_speech(
            routine.language, routine.voice, pronounce=routine.pronounce, script=request.script
        )
    if speech.fallback:
        reporter.note(speech.fallback)
    from coach.progress import hold_in_rounds

    while True:
        try:
            timeline = _compile(routine, speech, reporter)
            break
        except ScriptError as error:  # a dose may have grown beyond its round of `every`
            held = hold_in_rounds(routine, {problem.location for problem in error.problems})
            if held is None:
                raise
            routine = held
    for line in speech.cache.notes():
        reporter.note(line)
    return timeline, speech


def _compile(routine: Routine, speech: Speech, reporter: Reporter) -> Timeline:
    """Return a routine's timeline once what is missing of its sound has been spoken."""
    with log_stage(_log, f"compile '{routine.title}' with the clips that are there"):
        timeline, unspoken = rehearse(routine, speech)
    _log.info("every clip is in the cache" if timeline else f"{len(unspoken)} sentences have to be spoken")
    if timeline is None:
        with (
            log_stage(_log, f"speak with {speech.voice_name}"),
            reporter.progress(f"Speaking with {speech.voice_name}") as advance,
        ):
            speech.prepare(unspoken, advance)
        with log_stage(_log, f"compile '{routine.title}'"):
            timeline = compile_routine(routine, speech)
    return timeline


def prepare_recaps(timeline: Timeline, speech: Speech, reporter: Reporter = SILENT) -> None:
    """Speak everything a session may have to say without delay, wherever the user goes in it."""
    from coach.session.places import recaps

    with reporter.progress(f"Speaking with {speech.voice_name}") as advance:
        speech.prepare(recaps(timeline), advance)
