"""Between two works: rests, changes of sides, rounds of `every`, and what is said before a first beat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.routine import Breathing, Hold, Tempo, Timed
from coach.text_enum import assert_never
from coach.timeline.booth import BREATH
from coach.timeline.builder import LAST_SECONDS, Label, Line, TimelineBuilder
from coach.timeline.model import Cue, CueKind, Sentence
from coach.timeline.score import make_reminder
from coach.timeline.wording import Naming
from coach.units import RATE, ExactSamples, Samples, Seconds, nearest, to_samples, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coach.errors import Location
    from coach.phrases import Phrasebook
    from coach.routine import Calls, Exercise, Text
    from coach.timeline.booth import Booth
    from coach.timeline.score import Score
    from coach.timeline.sets import WorkSet


class _GapKind(Enum):
    """What lies between two works."""

    REST = "rest"
    SWITCH = "change of sides"
    ROUND = "what is left of a round of `every`, of which nothing is said"


@dataclass
class _Gap:
    """Time that the script gave between two works.

    Attributes:
        length: how long it is.
        kind: what it is.
        location: the line it comes from.
        says: what is said in it before anything else.
        short: the least that is said in its place.
        silent: nothing is said of it, and what comes next as late as can be.
        calls: when the time left is said; None for its last seconds alone.
    """

    length: ExactSamples
    kind: _GapKind
    location: Location
    says: tuple[Sentence, ...] = ()
    short: str = ""
    silent: bool = False
    calls: Calls | None = None


class Introduction(NamedTuple):
    """What there is to say before work.

    Attributes:
        naming: its name and dose.
        setups: what must be heard before it.
        ready: samples of quiet after that.
        explains: whether a listener can't follow without the dose: it is said before the first beat unless a
            rest is too short for it.
    """

    naming: Naming
    setups: tuple[Sentence, ...] = ()
    ready: Samples = 0
    explains: bool = False

    def must(self, work: WorkSet, too_long: Sequence[Text]) -> list[Line]:
        """Return what must be heard before work: its setup, and reminders that no window can hold."""
        reminders = [make_reminder(text, work.values, 1) for text in too_long]
        return [Line(sentence, lead=RATE) for sentence in (*self.setups, *reminders)]


class _Plan:
    """A set that can be tried with another count-in, or with its name on the first beat."""

    def __init__(self, work: WorkSet, booth: Booth) -> None:
        self.work = work
        self._booth = booth
        self._tried: dict[tuple[int, tuple[Sentence, ...]], Score] = {}

    def rehearse(self, count_in: int, names: tuple[Sentence, ...] = ()) -> Score:
        """Return what `score` would, and leave everything as it is."""
        tried = self._tried.get((count_in, names))
        if tried is None:
            tried = self._tried[count_in, names] = self._counted(count_in).rehearse(self._booth, names)
        return tried

    def score(self, count_in: int, names: tuple[Sentence, ...] = ()) -> Score:
        """Return the score of the set with so many beats before its first one."""
        return self._counted(count_in).score(self._booth, names)

    def _counted(self, count_in: int) -> WorkSet:
        return self.work._replace(step=replace(self.work.step, count_in=count_in))


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
    """Keeps what lies between two works, until the next one (or the end) decides how it is spent.

    Attributes:
        keeps_clock: whether this is within `every`, whose rounds have their lengths whatever is said in them.
    """

    def __init__(self, builder: TimelineBuilder, book: Phrasebook) -> None:
        self._builder = builder
        self._booth = builder.booth
        self._book = book
        self._gap: _Gap | None = None
        self._anchor: _Anchor | None = None
        self._before: list[Line] = []  # what must be said before the next work
        self._sounds: list[Sentence] = []  # what rings where the rest ends, or the round begins
        self._follows_work = False  # whether nothing has been said or rested since the last work
        self.keeps_clock = False

    @property
    def is_open(self) -> bool:
        """Whether a rest or a change of sides is waiting."""
        return self._gap is not None

    @property
    def awaits_beat(self) -> bool:
        """Whether a round of `every` has begun, and its first beat has not."""
        return self._anchor is not None and self._anchor.is_beat

    # What the script puts between two works

    def say(self, sentence: Sentence, pause: Seconds) -> None:
        """Say a sentence that the timeline waits for, then let `pause` seconds pass."""
        self._follows_work = False
        self._before.append(Line(sentence, pause=max(BREATH, to_samples(pause))))
        builder, anchor = self._builder, self._anchor
        if anchor:
            if anchor.is_beat:
                return  # it lies before the round's first beat, as an introduction does
            self._anchor = None
            self._spend()
            self._check_round(anchor, builder.free)
            builder.now = anchor.at
        self.settle(written=self._booth.clip(sentence).length)
        builder.now = builder.cues[-1].end + pause * RATE

    def announce(self, sentence: Sentence) -> None:
        """Keep a sentence until the next work is introduced, or something else is said."""
        self._before.append(Line(sentence))

    def ring(self, sound: Sentence, *, waits: bool) -> None:
        """Have a sound heard now, where a rest that waits ends, or where a round begins; it takes no time.

        Args:
            sound: what is heard.
            waits: whether the timeline waits for its end all the same.
        """
        builder, anchor = self._builder, self._anchor
        if waits and self.awaits_beat:
            self.refuse(sound.location, "the sound")
            return
        if anchor and not anchor.is_beat:
            self._anchor = None
            self._spend()
            builder.now = anchor.at
        self._sounds.append(sound)
        if waits:
            self._follows_work = False
            self.settle()
            builder.now += builder.sounds[-1].end - nearest(builder.now)
            builder.free = max(builder.free, nearest(builder.now))
        elif not self._gap and not self._anchor:
            self._ring()

    def _ring(self) -> None:
        """Place the sounds that wait at the builder's `now`."""
        for sound in self._sounds:
            self._builder.ring(sound, nearest(self._builder.now), Label())
        self._sounds = []

    def leave_rest(
        self, seconds: Seconds, location: Location, *, silent: bool = False, calls: Calls | None = None
    ) -> None:
        """Leave a rest; two plain ones in a row are one."""
        if self._anchor:
            self.refuse(location, "the rest")
            return
        gap, plain = self._gap, not silent and not calls and not self._sounds
        if gap and not self._before and plain and not gap.silent and not gap.calls:
            gap.length += seconds * RATE
            return
        if silent:  # which round begins is not said in it
            self._before = [line for line in self._before if line.sentence.kind is not CueKind.ANNOUNCE]
        self.settle()
        self._gap = _Gap(seconds * RATE, _GapKind.REST, location, silent=silent, calls=calls)

    def leave_set_rest(self, seconds: Seconds, location: Location) -> None:
        """Leave a rest between two sets."""
        self._gap = _Gap(seconds * RATE, _GapKind.REST, location)

    def leave_switch(self, seconds: Seconds, switch: Sentence, short: str) -> None:
        """Leave a change of sides, with what is said of it and the least that may be."""
        self._gap = _Gap(seconds * RATE, _GapKind.SWITCH, switch.location, (switch,), short)

    def refuse(self, location: Location, what: str) -> None:
        """Report something that a round of `every` cannot begin with."""
        message = f"a round of 'every' begins with its first beat; put {what} behind the work"
        self._builder.fail(location, message)

    def begin_round(self, at: ExactSamples, location: Location, *, is_beat: bool) -> None:
        """Have the next work or sentence begin at a moment: with its first beat, or with its sentence."""
        self._anchor = _Anchor(at, location, is_beat)

    def end_round(self, end: ExactSamples, interval: Seconds, location: Location) -> None:
        """Let a round of `interval` seconds last until its end; a rest that closes it goes on until then."""
        self._anchor = None
        over = self._builder.now + (self._gap.length if self._gap else 0) - end
        if nearest(over) > 0:
            message = f"a round needs {to_seconds(nearest(over)):.2f} s longer than its {float(interval):g} s"
            self._builder.fail(location, message)
            self._gap = None
            self._builder.now = end
        elif self._gap:
            self._gap.length = end - self._builder.now

    def settle(self, written: Samples = 0) -> None:
        """Let a rest that no work follows pass, and say what is waiting to be said.

        Args:
            written: samples of it that the script itself has.
        """
        self._spend()
        self._ring()
        builder = self._builder
        if self._before:
            had = nearest(builder.now)
            builder.say(self._before, builder.next_start, Label())
            self._before = []
            builder.now = max(builder.now, Fraction(builder.cues[-1].end))
            self._note_added(nearest(builder.now) - had - written)

    # Before the first beat

    def joins(self, step: Exercise | Breathing, *, has_setup: bool) -> bool:
        """Tell whether work begins where the work before it ends, without a rest having been written.

        That is timed work and a single hold, unless something must be said first.
        """
        if has_setup or self._gap or self._anchor or not self._follows_work or isinstance(step, Breathing):
            return False
        match dose := step.dose:
            case Timed():
                return True
            case Hold():
                return dose.reps.low == 1
            case Tempo():
                return False
            case _:
                assert_never(dose)

    def leave_joint(self, seconds: Seconds, location: Location) -> None:
        """Leave a rest between two works where the script has none; no time at all is one too."""
        if self._builder.has_work and not self._gap and not self._anchor:
            self._gap = _Gap(seconds * RATE, _GapKind.REST, location)

    def begin(self, work: WorkSet, introduction: Introduction, label: Label) -> Score:
        """Say what is said before work, fix its first beat in the builder's `now`, and return its score."""
        plain = _Plan(work, self._booth)
        if self._anchor:
            score = self._begin_round(plain, introduction, label, self._anchor)
        elif self._gap:
            score = self._fill(self._gap, plain, introduction, label)
        elif introduction.setups or introduction.explains or work.step.count_in:
            score = self._introduce(plain, introduction, label)
        else:
            score = self._begin_on_beat(plain, introduction, label) or self._introduce(
                plain, introduction, label
            )
        self._ring()
        self._before, self._gap, self._anchor, self._follows_work = [], None, None, True
        return score

    def _introduce(self, plan: _Plan, introduction: Introduction, label: Label) -> Score:
        """Say all there is to say before work that no rest lies before: it adds its own time."""
        builder = self._builder
        had, start = nearest(builder.now), builder.next_start
        score = plan.score(plan.work.step.count_in)
        must = introduction.must(plan.work, score.too_long)
        lines = [*self._before, *self._name(plan.work, introduction.naming), *must]
        lead = introduction.ready - score.first  # from the last sentence to the first beat
        beat = builder.line_up(lines, start)[1] + lead
        builder.say(lines, start, label)
        builder.now = Fraction(beat)
        written = builder.line_up(must, 0)[1] + introduction.ready if must else 0
        self._note_added(beat - had - written, introduces=True)
        return score

    def _begin_on_beat(self, plan: _Plan, introduction: Introduction, label: Label) -> Score | None:
        """Begin work right now, its name on the first beat, or before where there is room for it.

        Returns:
            The score; None where there are reminders that no window has room for behind the name.
        """
        builder, gap = self._builder, self._gap
        ahead = gap is not None and self._say_ahead(plan, introduction, label, gap)
        names = () if ahead else self._name_on_beat(plan.work, introduction, gap)
        if plan.rehearse(0, names).too_long:
            return None
        builder.now += gap.length if gap else 0
        score = plan.score(0, names)
        self._go_straight_on(score, is_named=bool(names))
        return score

    def _say_ahead(self, plan: _Plan, introduction: Introduction, label: Label, gap: _Gap) -> bool:
        """Say what comes next in the last seconds of the work before, if there is room."""
        if gap.length or gap.says or not self._follows_work:
            return False
        builder, naming = self._builder, introduction.naming
        if plan.rehearse(0, ()).too_long:
            return False
        joint = nearest(builder.now)
        latest = joint + plan.rehearse(0, ()).first - BREATH
        waiting = [line.sentence.text for line in self._before]
        for said in ((naming.name, naming.dose), (naming.name,), (naming.short,)):
            text = " ".join(filter(None, (*waiting, *said)))
            sentence = Sentence(CueKind.ANNOUNCE, text, plan.work.step.location)
            if not text:
                return True  # there is nothing to say
            clip = self._booth.clip(sentence)
            start = builder.find_room(clip.length, latest)
            if start is not None:
                builder.insert(Cue(start, clip, sentence), label)
                return True
        return False

    def _name_on_beat(
        self, work: WorkSet, introduction: Introduction, gap: _Gap | None
    ) -> tuple[Sentence, ...]:
        """Return the name as it is said on the first beat, the fullest form first."""
        naming, location = introduction.naming, work.step.location
        if gap and gap.short:
            return (Sentence(CueKind.SWITCH, gap.short, location),)
        waiting = [line.sentence.text for line in self._before]
        forms = (
            (*waiting, naming.short, naming.dose),
            (*waiting, naming.short),
            (naming.short or " ".join(waiting),),
        )
        texts = dict.fromkeys(" ".join(filter(None, form)) for form in forms)
        return tuple(Sentence(CueKind.ANNOUNCE, text, location) for text in texts if text)

    def _go_straight_on(self, score: Score, *, is_named: bool) -> None:
        """Let a set begin at `now`, which moves only where the words before can't give way."""
        builder = self._builder
        start = nearest(builder.now) + score.first
        builder.give_way(nearest(builder.now), start, BREATH if is_named else 0)
        last = builder.cues[-1] if builder.cues else None
        if last is None:
            return
        late = last.end + (0 if last.kind.is_called and not is_named else BREATH) - start
        if late <= 0:
            return
        if self._anchor:
            self._check_round(self._anchor, nearest(builder.now) + late)
        elif last.beat is not None:  # the name of a work that is shorter than its own name
            message = (
                f"'{last.text}' is longer than its work: what follows begins {to_seconds(late):.2f} s later"
            )
            self._booth.warn(last.location, message)
        builder.now += late
        self._note_added(late)

    def _begin_round(self, plan: _Plan, introduction: Introduction, label: Label, anchor: _Anchor) -> Score:
        """Begin the work of a round of `every`: its first beat has its moment."""
        if not introduction.setups and not introduction.explains and not plan.work.step.count_in:
            names = self._name_late_round(plan, introduction, anchor)
            if names and not plan.rehearse(0, names).too_long:
                self._spend()
                self._builder.now = anchor.at
                score = plan.score(0, names)
                self._go_straight_on(score, is_named=True)
                return score
        gap = self._gap or _Gap(anchor.at - self._builder.now, _GapKind.ROUND, anchor.location)
        return self._fill(gap, plan, introduction, label)

    def _name_late_round(
        self, plan: _Plan, introduction: Introduction, anchor: _Anchor
    ) -> tuple[Sentence, ...]:
        """Return the name as it is said on a round's first beat; nothing if there is room for it before."""
        if any(line.sentence.kind == CueKind.SAY for line in self._before):
            return ()
        lines = [*self._before, *self._name(plan.work, introduction.naming)]
        needed = self._builder.line_up(lines, self._builder.next_start)[1] - plan.rehearse(0).first
        return self._name_on_beat(plan.work, introduction, None) if needed > nearest(anchor.at) else ()

    def _fill(self, gap: _Gap, plan: _Plan, introduction: Introduction, label: Label) -> Score:
        """Fill a gap with as much as it has room for; only what must be heard can make it longer."""
        builder, anchor, work = self._builder, self._anchor, plan.work
        start, end = builder.next_start, nearest(builder.now + gap.length)
        must = introduction.must(work, plan.rehearse(work.step.count_in).too_long)
        lines: list[Line] = []
        count_in = needed = 0
        for said, count_in in self._ways(gap, work, introduction.naming):
            lines = [*said, *must]
            lead = (
                introduction.ready - plan.rehearse(count_in).first
            )  # from the last sentence to the first beat
            needed = builder.line_up(lines, start)[1] + lead
            if needed <= end:
                builder.now += gap.length
                break
        else:
            if not must and not anchor:
                score = self._begin_on_beat(plan, introduction, label)
                if score:
                    return score
            builder.now += gap.length
            if anchor:
                self._check_round(anchor, needed)
            else:
                self._lengthen(gap, needed)
        if (
            gap.silent or gap.kind is _GapKind.ROUND
        ):  # said when the work ends, it would sound as if the next began
            start += max(0, end - needed)
        score = plan.score(count_in)
        latest = nearest(builder.now) - introduction.ready + score.first
        builder.say(lines, start, label)
        self._say_calls(gap, latest, label)
        self._say_last_seconds(gap, latest, label)
        return score

    def _ways(self, gap: _Gap, work: WorkSet, naming: Naming) -> Iterator[tuple[list[Line], int]]:
        """Yield what may be said in a gap, with the beats of the count-in after it: the fullest first."""
        count_in = work.step.count_in
        says = [Line(sentence) for sentence in gap.says]
        whole = self._name(work, naming)
        if gap.kind is _GapKind.ROUND:
            yield [*says, *self._before, *whole], count_in
            return
        openings = self._word_openings(gap)
        undosed = self._name(work, naming._replace(dose=""))
        yield [*openings[0], *says, *self._before, *whole], count_in
        for opening in openings:
            yield [*opening, *says, *self._before, *undosed], count_in
        if gap.short:
            least = [Line(Sentence(CueKind.SWITCH, gap.short, gap.location))]
        else:
            least = [*self._before, *self._name(work, Naming(naming.short))]
        for fewer in range(count_in, -1, -1):
            yield list(least), fewer

    @staticmethod
    def _name(work: WorkSet, naming: Naming) -> list[Line]:
        """Return a name with its dose as it is said before the first beat, if there is any."""
        text = " ".join(filter(None, (naming.name, naming.dose)))
        return [Line(Sentence(CueKind.ANNOUNCE, text, work.step.location))] if text else []

    def _lengthen(self, gap: _Gap, needed: Samples) -> None:
        """Let a gap last until a sample, and warn by how much that differs from what was written."""
        builder, had = self._builder, float(gap.length / RATE)
        takes = to_seconds(needed - nearest(builder.now - gap.length))
        lasts = f"the {gap.kind.value} lasts {takes:.2f} s, not {had:g} s"
        self._booth.warn(gap.location, f"{lasts}: what must be heard before the work needs as long")
        self._note_added(needed - nearest(builder.now))
        builder.now = Fraction(needed)

    def _note_added(self, added: Samples, *, introduces: bool = False) -> None:
        """Note by how much a joint is longer than what was written for it."""
        builder = self._builder
        if added > 0 and builder.has_work and not (self.keeps_clock and builder.first_beat is not None):
            (builder.introductions if introduces else builder.delays).append(added)

    def _check_round(self, anchor: _Anchor, needed: Samples) -> None:
        """Report a round of `every` that cannot begin in time."""
        late = needed - nearest(anchor.at)
        if late > 0:
            message = (
                f"a round of 'every' begins {to_seconds(late):.2f} s too late: what comes before needs longer"
            )
            self._builder.fail(anchor.location, message)

    def _spend(self) -> None:
        """Let a rest that no work follows pass: it is exactly as long as written."""
        gap, self._gap = self._gap, None
        if not gap:
            return
        builder = self._builder
        start = builder.next_start
        builder.now += gap.length
        for opening in self._word_openings(gap):
            if builder.line_up(opening, start)[1] <= nearest(builder.now):
                builder.say(opening, start, Label())
                break
        self._say_calls(gap, nearest(builder.now), Label())
        self._say_last_seconds(gap, nearest(builder.now), Label())

    def _say_calls(self, gap: _Gap, latest: Samples, label: Label) -> None:
        """Say the time left of a gap, or gone, where it was asked for; each is over before `latest`."""
        builder, length = self._builder, gap.length / RATE
        if gap.calls is None:
            return
        for moment, time in gap.calls.moments(length):
            sentence = Sentence(CueKind.REST, self._book.call(time, gap.calls.told), gap.location)
            beat = nearest(builder.now - gap.length + moment * RATE)
            clip = self._booth.clip(sentence)
            cue = Cue(beat - clip.attack, clip, sentence, beat)
            if builder.is_quiet(cue.start, cue.end) and cue.end + BREATH <= latest:
                builder.insert(cue, label)
            else:
                self._booth.note_shortage(sentence, 0, "something else is said then: it is left out")

    def _word_openings(self, gap: _Gap) -> list[list[Line]]:
        """Return what may be said of a gap, the fullest first."""
        opens = not self._builder.has_work  # a track may open with a rest
        if gap.kind is not _GapKind.REST or opens or gap.silent:
            return [[]]
        length = self._book.duration(gap.length / RATE)
        texts = (self._book.sentence("rest_for", duration=length), self._book.sentence("rest"))
        return [*([Line(Sentence(CueKind.REST, text, gap.location))] for text in texts), []]

    def _say_last_seconds(self, gap: _Gap, latest: Samples, label: Label) -> None:
        """Say when the last seconds of a gap begin, if that is over before `latest`."""
        if gap.kind is _GapKind.ROUND or gap.silent or gap.length < 2 * LAST_SECONDS * RATE:
            return
        text = self._book.time_left(LAST_SECONDS)
        sentence = Sentence(CueKind.REST, text, gap.location)
        clip = self._booth.clip(sentence)
        beat = nearest(self._builder.now) - LAST_SECONDS * RATE
        start = beat - clip.attack
        free = self._builder.free <= start or self._builder.is_quiet(start, start + clip.length)
        if free and start + clip.length + BREATH <= latest:
            self._builder.put(Cue(start, clip, sentence, beat), label)
