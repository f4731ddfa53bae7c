"""Between two works: rests, changes of side, rounds of `every`, and what is said before a first beat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.timeline.booth import BREATH
from coach.timeline.builder import Label, Line, TimelineBuilder
from coach.timeline.model import Cue, CueKind, Sentence
from coach.units import RATE, ExactSamples, Samples, Seconds, nearest, to_samples, to_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coach.errors import Location
    from coach.phrases import Phrasebook
    from coach.timeline.score import Score
    from coach.timeline.sets import WorkSet

_LAST_SECONDS = 10
"""A rest says when so many seconds are left, if it is at least twice as long."""


class _GapKind(Enum):
    """What lies between two works."""

    REST = "rest"
    SWITCH = "change of sides"
    ROUND = "what is left of a round of `every`, of which nothing is said"


@dataclass
class _Gap:
    """Time that the script gave between two works.

    Attributes:
        length: samples, exact.
        kind: what it is.
        location: the line it comes from.
        says: what must be said in it before anything else.
    """

    length: ExactSamples
    kind: _GapKind
    location: Location
    says: tuple[Sentence, ...] = ()


class _Anchor(NamedTuple):
    """Where a round of `every` must begin.

    Attributes:
        at: the exact moment, in samples.
        location: the line that set it.
        is_beat: whether that is the first beat of its work; a round without any begins with its sentence.
    """

    at: ExactSamples
    location: Location
    is_beat: bool


class Joints:
    """Keeps what lies between two works until the next one, or the end, tells how it is spent."""

    def __init__(self, builder: TimelineBuilder, book: Phrasebook) -> None:
        self._builder = builder
        self._booth = builder.booth
        self._book = book
        self._gap: _Gap | None = None
        self._anchor: _Anchor | None = None
        self._before: list[Line] = []  # what must be said before the next work

    @property
    def is_open(self) -> bool:
        """Whether a rest or a change of side is waiting."""
        return self._gap is not None

    @property
    def awaits_beat(self) -> bool:
        """Whether a round of `every` has begun, and its first beat has not."""
        return self._anchor is not None and self._anchor.is_beat

    # What the script puts between two works

    def say(self, sentence: Sentence, pause: Seconds) -> None:
        """Say a sentence that the timeline waits for, then let `pause` seconds pass."""
        self._before.append(Line(sentence, pause=max(BREATH, to_samples(pause))))
        builder, anchor = self._builder, self._anchor
        if anchor:
            if anchor.is_beat:
                return  # it lies before the round's first beat, as an introduction does
            self._anchor = None
            self._spend()
            self._check_round(anchor, builder.free)
            builder.now = anchor.at
        self.settle()
        builder.now = builder.cues[-1].end + pause * RATE

    def announce(self, sentence: Sentence) -> None:
        """Keep a sentence until the next work is introduced, or something else is said."""
        self._before.append(Line(sentence))

    def leave_rest(self, seconds: Seconds, location: Location) -> None:
        """Leave a rest; two in a row are one."""
        if self._anchor:
            self.refuse(location, "the rest")
            return
        length = seconds * RATE
        if self._gap and not self._before:
            self._gap.length += length
            return
        self.settle()
        self._gap = _Gap(length, _GapKind.REST, location)

    def leave_gap(self, seconds: Seconds, location: Location, switch: Sentence | None) -> None:
        """Leave a rest between two sets, or a change of side with what is said of it."""
        kind, says = (_GapKind.SWITCH, (switch,)) if switch else (_GapKind.REST, ())
        self._gap = _Gap(seconds * RATE, kind, location, says)

    def refuse(self, location: Location, what: str) -> None:
        """Note something that a round of `every` cannot begin with."""
        message = f"a round of 'every' begins with its first beat; put {what} behind the work"
        self._builder.fail(location, message)

    def begin_round(self, at: ExactSamples, location: Location, *, is_beat: bool) -> None:
        """Have the next work or sentence begin at a moment: with its first beat, or with its sentence."""
        self._anchor = _Anchor(at, location, is_beat)

    def end_round(self, end: ExactSamples, interval: Seconds, location: Location) -> None:
        """Let a round of `interval` seconds last to its end; a rest at its close goes on until then."""
        self._anchor = None
        over = self._builder.now + (self._gap.length if self._gap else 0) - end
        if nearest(over) > 0:
            message = f"a round needs {to_seconds(nearest(over)):.2f} s longer than its {float(interval):g} s"
            self._builder.fail(location, message)
            self._gap = None
            self._builder.now = end
        elif self._gap:
            self._gap.length = end - self._builder.now

    def settle(self) -> None:
        """Let a rest pass that is followed by no work, and say what waits to be said."""
        self._spend()
        builder = self._builder
        if self._before:
            builder.say(self._before, builder.next_start, Label())
            self._before = []
            builder.now = max(builder.now, Fraction(builder.cues[-1].end))

    # Before the first beat

    def name_on_beat(self, names: Sequence[str], work: WorkSet) -> tuple[Sentence, ...]:
        """Return the name as it is said on the first beat, whole and short; empty where it comes before it.

        Without rest, count-in and setup it adds no time. What waits to be said goes with it.
        """
        if any(line.sentence.kind == CueKind.SAY for line in self._before):
            return ()
        location = work.step.location
        says = [sentence.text for sentence in (self._gap.says if self._gap else ())]
        waiting = [line.sentence.text for line in self._before]
        if self._anchor:
            said = " ".join([*waiting, *names])
            spoken = (
                self._booth.clip(Sentence(CueKind.ANNOUNCE, said, location)).length + BREATH if said else 0
            )
            start = self._builder.next_start + spoken - work.rehearse(self._booth).first
            if start <= nearest(self._anchor.at):
                return ()
        elif self._gap and self._gap.length:
            return ()
        kind, short = (CueKind.SWITCH, says) if says else (CueKind.ANNOUNCE, list(names[:1]))
        texts = dict.fromkeys(" ".join(form) for form in ([*waiting, *says, *names], short or waiting))
        return tuple(Sentence(kind, text, location) for text in texts if text)

    def introduce(self, lines: Sequence[Line], quiet: Samples, score: Score, label: Label) -> None:
        """Say what must be said before work, and fix its first beat in the builder's `now`.

        Args:
            lines: the introduction.
            quiet: samples between the last sentence and the set's first sound.
            score: the work.
            label: what it belongs to.
        """
        builder = self._builder
        lines = [*self._before, *lines]
        gap, anchor = self._gap, self._anchor
        self._before, self._gap, self._anchor = [], None, None
        if anchor and not gap:
            gap = _Gap(anchor.at - builder.now, _GapKind.ROUND, anchor.location)
        lead = quiet - score.first  # from the last sentence to the first beat
        if gap:
            self._fill(gap, lines, lead, label, anchor)
        else:
            start = builder.next_start
            beat = builder.line_up(lines, start)[1] + lead
            builder.say(lines, start, label)
            builder.now = Fraction(beat)

    def go_straight_on(self, score: Score) -> None:
        """Let a set follow without a pause, its name on the first beat, and fix that beat in `now`."""
        builder = self._builder
        self._before = []
        anchor, self._anchor = self._anchor, None
        if anchor:
            self._spend()
            builder.now = anchor.at
        self._gap = None
        start = nearest(builder.now) + score.first
        builder.give_way(start - BREATH)
        last = builder.cues[-1] if builder.cues else None
        late = last.end + BREATH - start if last else 0
        if last is None or late <= 0:
            return
        if anchor:
            self._check_round(anchor, nearest(builder.now) + late)
        elif last.beat is not None:  # the name of a work that is shorter than its own name
            message = (
                f"'{last.text}' is longer than its work: what follows begins {to_seconds(late):.2f} s later"
            )
            self._booth.warn(last.location, message)
        builder.now += late

    def _fill(
        self, gap: _Gap, lines: Sequence[Line], lead: Samples, label: Label, anchor: _Anchor | None
    ) -> None:
        """Fill a gap; where what must be said does not fit, it gets longer, or a round is too short."""
        builder = self._builder
        start = builder.next_start
        builder.now += gap.length
        must = [*(Line(sentence) for sentence in gap.says), *lines]
        for opening in self._openings(gap):
            needed = builder.line_up([*opening, *must], start)[1] + lead
            if needed <= nearest(builder.now):
                must = [*opening, *must]
                break
        else:
            if anchor:
                self._check_round(anchor, needed)
            else:
                had = float(gap.length / RATE)
                takes = to_seconds(needed - nearest(builder.now - gap.length))
                lasts = f"the {gap.kind.value} lasts {takes:.2f} s, not {had:g} s"
                message = f"{lasts}: what must be said in it needs as long"
                self._booth.warn(gap.location, message)
                builder.now = Fraction(needed)
        if gap.kind is _GapKind.ROUND:  # said when the work ends, it would sound as if the next began at once
            start += max(0, nearest(builder.now) - needed)
        builder.say(must, start, label)
        self._last_seconds(gap, nearest(builder.now) - lead, label)

    def _check_round(self, anchor: _Anchor, needed: Samples) -> None:
        """Note a round of `every` that cannot begin in time."""
        late = needed - nearest(anchor.at)
        if late > 0:
            message = (
                f"a round of 'every' begins {to_seconds(late):.2f} s too late: what comes before needs longer"
            )
            self._builder.fail(anchor.location, message)

    def _spend(self) -> None:
        """Let a rest pass that is followed by no work: it is plainly that long."""
        gap, self._gap = self._gap, None
        if not gap:
            return
        builder = self._builder
        start = builder.next_start
        builder.now += gap.length
        for opening in self._openings(gap):
            if builder.line_up(opening, start)[1] <= nearest(builder.now):
                builder.say(opening, start, Label())
                break
        self._last_seconds(gap, nearest(builder.now), Label())

    def _openings(self, gap: _Gap) -> list[list[Line]]:
        """Return what may be said of a gap, the fullest first."""
        if gap.kind is not _GapKind.REST:
            return [[]]
        length = self._book.duration(gap.length / RATE)
        texts = (self._book.sentence("rest_for", duration=length), self._book.sentence("rest"))
        return [*([Line(Sentence(CueKind.REST, text, gap.location))] for text in texts), []]

    def _last_seconds(self, gap: _Gap, latest: Samples, label: Label) -> None:
        """Say that the last seconds of a gap begin, if it is over before `latest`."""
        if gap.kind is _GapKind.ROUND or gap.length < 2 * _LAST_SECONDS * RATE:
            return
        text = self._book.sentence("time_left", duration=self._book.duration(_LAST_SECONDS))
        sentence = Sentence(CueKind.REST, text, gap.location)
        clip = self._booth.clip(sentence)
        beat = nearest(self._builder.now) - _LAST_SECONDS * RATE
        start = beat - clip.attack
        if self._builder.free <= start and start + clip.length + BREATH <= latest:
            self._builder.put(Cue(start, clip, sentence, beat), label)
