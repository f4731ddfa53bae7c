"""A session on the desktop's bus, seen and steered with the real `playerctl` on a real session bus."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from coach.routine import Breathing, Count, Exercise, Tempo, Timed
from coach.session import places
from coach.session.controls import Controls, Order
from coach.session.now import Now, SessionState
from coach.session.remote import Remote
from coach.session.titles import moment_title
from coach.timeline import Timeline, compile_routine
from coach.units import RATE
from tests.command import SHORT, Command, coach
from tests.strategies import PacedSpeech, phases, place, routine, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["coach"]

PROGRAMS = ("dbus-run-session", "playerctl")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="MPRIS is for Linux")
desktop = pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=f"needs {' and '.join(PROGRAMS)}")

NAME = "org.mpris.MediaPlayer2.coach"
PATH = "/org/mpris/MediaPlayer2"
PLAYER = "org.mpris.MediaPlayer2.Player"
NULL = ("--player", "null")

INTERFACES = {
    "org.mpris.MediaPlayer2": """
        Raise() Quit()
        CanQuit:b CanRaise:b HasTrackList:b Identity:s SupportedUriSchemes:as SupportedMimeTypes:as
    """,
    PLAYER: """
        Next() Previous() Pause() PlayPause() Stop() Play() Seek(x) SetPosition(ox) OpenUri(s)
        !Seeked(x)
        PlaybackStatus:s Rate:d= Metadata:a{sv} Volume:d= Position:x MinimumRate:d MaximumRate:d
        CanGoNext:b CanGoPrevious:b CanPlay:b CanPause:b CanSeek:b CanControl:b
    """,
}
"""What version 2.2 of the specification requires: methods, signals (!), properties (= if one can be set)."""

LIFT = Exercise(
    "Lift",
    Tempo(span(12), phases(up=1, down=1)),
    place(10),
    sides=("left", "right"),
    sets=2,
    rest=Fraction(8),
)
RUN = Exercise("Run", Timed(Fraction(20)), place(30))
CALM = Breathing(phases(**{"in": 4, "out": 4}), 6, Count.PHASES, 0, place(40))


# What a moment is called.


def moment(timeline: Timeline, seconds: float, **changes: Any) -> Now:
    """Return where a session is that plays the track at so many seconds."""
    sample = round(seconds * RATE)
    work, index = places.work_at(timeline, sample), places.next_index(timeline, sample)
    now = Now(
        state=SessionState.PLAYING,
        sample=sample,
        cue=places.last_cue(timeline, sample),
        chapter=places.chapter_at(timeline, sample),
        work=work,
        stretch=places.span_at(work, sample) if work else None,
        coming=timeline.sets[index] if index < len(timeline.sets) else None,
        volume=1.0,
    )
    return now._replace(**changes)


@pytest.fixture(scope="module")
def track() -> Timeline:
    return compile_routine(routine(LIFT, RUN, CALM), PacedSpeech(0.4))


def test_titles_say_what_is_done_and_what_comes(track: Timeline) -> None:
    seconds = range(track.length // RATE + 1)
    titles = list(dict.fromkeys(moment_title(track, moment(track, at)) for at in seconds))
    assert titles[:2] == ["Next: Lift, left", "Lift, left: rep 1 of 12, set 1 of 2"]
    assert "Lift, right: rep 7 of 12, set 2 of 2" in titles
    rounds = [f"Breathing: round {number} of 6" for number in range(1, 7)]
    # The run joins the lift: nothing but its own seconds stands between them.
    assert titles[-10:] == [
        "Lift, right: rep 12 of 12, set 2 of 2",
        "Run",
        "Next: Breathing",
        *rounds,
        track.title,
    ]


def test_a_side_is_named_in_the_language_of_the_routine() -> None:
    import dataclasses

    german = dataclasses.replace(compile_routine(routine(LIFT), PacedSpeech(0.4)), language="de")
    assert moment_title(german, moment(german, 0)) == "Next: Lift, links"


# What the bus is told, without one.


class Told(Controls):
    """A media player whose signals are caught, and whose clock the test moves.

    Attributes:
        signals: what was told: names of changed properties, and "Seeked".
        orders: what was asked of the session.
    """

    def __init__(self, timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("dbus_fast", reason="needs dbus-fast")
        from coach.session.mpris import Player

        self.timeline, self.clock = timeline, 0.0
        self.signals: list[str] = []
        self.orders: list[tuple[str, float]] = []
        now = moment(timeline, 0)
        self.player = Player(timeline, self, now, lambda: self.clock)
        monkeypatch.setattr(self.player, "emit_properties_changed", self.signals.extend)
        monkeypatch.setattr(self.player, "seeked", lambda: self.signals.append("Seeked"))

    def give(self, order: Order) -> None:
        self.orders.append(order)

    def show(self, seconds: float, after: float = 0.1, **changes: Any) -> list[str]:
        """Show a moment some seconds after the last one, and return what was told."""
        self.clock += after
        self.signals.clear()
        self.player.show(moment(self.timeline, seconds, **changes))
        return list(self.signals)


@pytest.fixture
def told(track: Timeline, monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(track, monkeypatch)


def test_playing_tells_each_title_once_and_nothing_else(told: Told, track: Timeline) -> None:
    ticks = [tick / 10 for tick in range(track.length // RATE * 10)]
    changes = [told.show(at) for at in ticks]
    titles = [moment_title(track, moment(track, at)) for at in ticks]
    chapters = [places.chapter_at(track, round(at * RATE)) for at in ticks]
    expected = [
        ["Metadata"] * (titles[at] != titles[at - 1] or chapters[at] != chapters[at - 1])
        + ["Seeked"] * (chapters[at] != chapters[at - 1])
        for at in range(1, len(ticks))
    ]
    assert changes[1:] == expected


def test_a_title_deceives_no_desktop(track: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    told = Told(dataclasses.replace(track, title="a\x1b\nb\u202ec\u2066"), monkeypatch)
    told.show(track.length / RATE - 0.1, work=None, coming=None)
    metadata = told.player.metadata
    assert metadata["xesam:album"].value == metadata["xesam:title"].value == "a bc"


def test_a_jump_is_told_and_a_late_tick_is_none(told: Told) -> None:
    assert told.show(0.1) == []
    assert told.show(3.1, after=3.0) == []
    assert told.show(1.0) == ["Seeked"]
    assert told.show(1.1) == []
    still = [told.show(1.1) for _ in range(30)]  # something is said first, and the track stands still
    assert 4 <= still.count(["Seeked"]) <= 6


def test_a_pause_is_told_and_its_length_is_no_jump(told: Told) -> None:
    told.show(1.0, after=1.0)
    assert told.show(1.1, state=SessionState.PAUSED) == ["PlaybackStatus"]
    assert told.show(1.1, after=600, state=SessionState.PAUSED) == []
    assert told.show(1.1, state=SessionState.WAITING) == []
    assert told.show(1.1) == ["PlaybackStatus"]
    assert told.show(1.2, volume=0.5) == ["Volume"]


def test_what_is_asked_for(told: Told, track: Timeline) -> None:
    player, end = told.player, round(track.length * 1_000_000 / RATE)
    here = "/org/coach/chapter/0"
    told.show(5)
    for asked in (player.play, player.pause, player.play_pause, player.next, player.previous, player.stop):
        asked()
    names = ["resume", "pause", "toggle", "next", "previous", "stop"]
    assert told.orders == [(name, 0.0) for name in names]
    told.orders.clear()
    for microseconds in (10_000_000, -10_000_000, -(2**63), 2**63 - 1):
        player.seek(microseconds)
    assert told.orders == [("seek", 10.0), ("seek", -10.0), ("seek", -(2**63) / 1_000_000), ("next", 0.0)]
    told.orders.clear()
    for track_id, microseconds in ((here, -1), (here, end + 1), (f"{here}1", 5), (here, 0), (here, end)):
        player.set_position(track_id, microseconds)
    assert told.orders == [("go to", 0.0), ("go to", end / 1_000_000)]
    told.orders.clear()
    for value in (0.25, -3.0, float("inf"), float("nan")):
        player.set_volume = value
    for value in (2.0, 0.0):
        player.set_rate = value
    assert told.orders == [("volume", 0.25), ("volume", -3.0), ("volume", float("inf")), ("pause", 0.0)]
    told.orders.clear()
    told.show(5, state=SessionState.WAITING)
    player.play_pause()
    assert told.orders == [("resume", 0.0)]


# With a real bus.


class Bus:
    """A session bus of the test's own, on which somebody uses `playerctl`."""

    def __init__(self) -> None:
        pytest.importorskip("dbus_fast", reason="needs dbus-fast")
        command = ["dbus-run-session", "--", "sh", "-c", "echo $DBUS_SESSION_BUS_ADDRESS; exec cat"]
        self._process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout
        self.address = self._process.stdout.readline().strip()
        assert self.address.startswith("unix:")

    def close(self) -> None:
        """End the session; the bus goes away."""
        self._process.communicate(timeout=10)

    def playerctl(self, *arguments: str) -> str:
        """Return what it says; "" if it can't."""
        environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": self.address}
        done = subprocess.run(
            ["playerctl", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def until(self, wanted: str, *arguments: str, seconds: float = 20) -> str:
        """Ask until the answer matches a pattern, and return it."""
        deadline = time.monotonic() + seconds
        while not re.fullmatch(wanted, answer := self.playerctl(*arguments)):
            assert time.monotonic() < deadline, answer
            time.sleep(0.02)
        return answer

    @property
    def position(self) -> float:
        return float(self.playerctl("position"))


@pytest.fixture
def bus(coach: Command) -> Iterator[Bus]:
    with ExitStack() as stack:
        bus = Bus()
        stack.callback(bus.close)
        coach.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        yield bus


@contextmanager
def playing(coach: Command, bus: Bus, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with coach.start("play", *arguments, *NULL) as process:
        try:
            while bus.playerctl("status") != "Playing":
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


@pytest.mark.realtime
@desktop
def test_playerctl_sees_and_steers_a_session(coach: Command, bus: Bus) -> None:
    routine = ("reverse_clamshell", "--reps", "12")
    timeline = coach.timeline(*routine)
    seventh = next(
        cue["beat"]
        for cue in timeline["cues"]
        if (cue["side"], cue["rep"], cue["phase"]) == ("right", 7, "up")
    )
    with playing(coach, bus, *routine) as process:
        assert bus.playerctl("-l") == "coach"
        told = bus.playerctl(
            "metadata", "-f", "{{status}}|{{title}}|{{album}}|{{artist}}|{{mpris:length}}|{{volume}}"
        )
        length = round(timeline["duration"] * 1_000_000)
        assert told == f"Playing|Next: Reverse clamshell, left|Reverse clamshell|Coach|{length}|1.0"
        assert bus.playerctl("metadata", "mpris:trackid") == "'/org/coach/chapter/0'"
        before = bus.position
        time.sleep(0.5)
        assert bus.position > before + 0.3

        bus.playerctl("position", str(seventh + 1))
        bus.until("Reverse clamshell, right: rep 7 of 12", "metadata", "title")
        assert bus.playerctl("metadata", "mpris:trackid") == "'/org/coach/chapter/1'"
        assert -2 < bus.position - seventh < 8

        bus.playerctl("previous")
        right = timeline["chapters"][1]["start"]
        bus.until("Next: Reverse clamshell, right|Reverse clamshell, right: rep 1 of 12", "metadata", "title")
        assert right < bus.position < seventh - 10
        bus.playerctl("previous")
        bus.until("Next: Reverse clamshell, left|Reverse clamshell, left: rep 1 of 12", "metadata", "title")
        left = bus.position
        assert left < right

        bus.playerctl("position", "10+")
        bus.until("Reverse clamshell, left: rep [2-5] of 12", "metadata", "title")
        forward = bus.position
        assert 7 < forward - left < 25
        bus.playerctl("position", "10-")
        deadline = time.monotonic() + 5
        while bus.position > forward - 4:
            assert time.monotonic() < deadline
        bus.playerctl("next")
        bus.until("Next: Reverse clamshell, right|Reverse clamshell, right: rep 1 of 12", "metadata", "title")

        bus.playerctl("volume", "0.4")
        bus.until(r"0\.40*", "volume")
        bus.playerctl("volume", "7")
        bus.until(r"1\.00*", "volume")

        bus.playerctl("play-pause")
        bus.until("Paused", "status")
        stood = bus.position
        bus.playerctl("pause")
        time.sleep(0.4)
        assert bus.playerctl("status") == "Paused"
        assert bus.position == stood
        bus.playerctl("play")
        bus.until("Playing", "status")

        bus.playerctl("stop")
        _, error = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in error
        assert bus.playerctl("-l") == ""


@pytest.mark.realtime
@desktop
def test_it_is_what_the_specification_requires_and_tells_of_it(coach: Command, bus: Bus) -> None:
    from dbus_fast import Message, MessageType
    from dbus_fast.aio import MessageBus

    async def look() -> None:
        on_bus = await MessageBus(bus_address=bus.address).connect()
        seen = await on_bus.introspect(NAME, PATH)  # parsing checks it
        for interface in seen.interfaces:
            if interface.name.startswith("org.mpris."):
                members = [f"{each.name}({each.in_signature})" for each in interface.methods]
                members += [f"!{each.name}({each.signature})" for each in interface.signals]
                members += [
                    f"{each.name}:{each.signature}{'=' * each.access.writable()}"
                    for each in interface.properties
                ]
                assert sorted(members) == sorted(INTERFACES[interface.name].split())
        assert INTERFACES.keys() < {interface.name for interface in seen.interfaces}

        async def call(interface: str, member: str, signature: str = "", *body: Any) -> Message:
            message = Message(NAME, PATH, interface, member, signature=signature, body=list(body))
            answer = await on_bus.call(message)
            assert answer is not None
            return answer

        properties = "org.freedesktop.DBus.Properties"
        for interface_name, required in INTERFACES.items():
            got = (await call(properties, "GetAll", "s", interface_name)).body[0]
            assert got.keys() == set(re.findall(r"(\w+):", required))
        refused = await call(PLAYER, "OpenUri", "s", "file:///music.ogg")
        assert refused.message_type is MessageType.ERROR
        assert refused.error_name == "org.freedesktop.DBus.Error.NotSupported"
        assert (await call("org.mpris.MediaPlayer2", "Raise")).message_type is MessageType.METHOD_RETURN
        assert (await call("org.mpris.MediaPlayer2", "Quit")).message_type is MessageType.METHOD_RETURN
        on_bus.disconnect()

    coach.write(SHORT)
    with playing(coach, bus, "short.yaml") as process:
        asyncio.run(look())
        assert process.wait(20) == 0


class Listener:
    """Notes when the bus tells of something, on a thread of its own."""

    def __init__(self, address: str) -> None:
        self.signals: list[tuple[float, str]] = []
        self._address = address
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True).start()
        assert self._ready.wait(10)

    async def _listen(self) -> None:
        from dbus_fast import Message, MessageType
        from dbus_fast.aio import MessageBus

        def note(message: Message) -> None:
            if message.message_type is MessageType.SIGNAL and message.path == PATH:
                names = message.body[1] if message.member == "PropertiesChanged" else [message.member]
                self.signals += [(time.monotonic(), str(name)) for name in names]

        bus = await MessageBus(bus_address=self._address).connect()
        bus.add_message_handler(note)
        daemon = "org.freedesktop.DBus"
        rule = f"type='signal',path='{PATH}'"
        await bus.call(
            Message(daemon, "/org/freedesktop/DBus", daemon, "AddMatch", signature="s", body=[rule])
        )
        self._ready.set()
        await asyncio.Event().wait()

    def after(self, moment: float, name: str) -> float:
        """Return how long after a moment the bus told of something."""
        while True:
            for at, told in list(self.signals):
                if at > moment and told == name:
                    return at - moment
            assert time.monotonic() < moment + 10, (name, self.signals)
            time.sleep(0.01)


@pytest.mark.realtime
@desktop
def test_each_command_is_answered_within_three_tenths_of_a_second(coach: Command, bus: Bus) -> None:
    """From before `playerctl` starts until the bus tells what has become of it; the best of three."""
    with playing(coach, bus, "reverse_clamshell") as process:
        listener = Listener(bus.address)
        commands = {
            "pause": "PlaybackStatus",
            "play": "PlaybackStatus",
            "volume 0.5": "Volume",
            "volume 1": "Volume",
            "next": "Seeked",
            "position 10+": "Seeked",
            "position 10-": "Seeked",
            "previous": "Seeked",
        }
        took: dict[str, list[float]] = {command: [] for command in commands}
        for _ in range(3):
            for command, answer in commands.items():
                time.sleep(0.3)
                started = time.monotonic()
                bus.playerctl(*command.split())
                took[command].append(listener.after(started, answer))
        assert {command: times for command, times in took.items() if min(times) > 0.3} == {}
        started = time.monotonic()
        bus.playerctl("stop")
        process.wait(20)
        assert time.monotonic() - started < 1.5  # the interpreter's own end, too


@pytest.mark.realtime
@desktop
def test_a_second_player_gets_a_name_of_its_own(coach: Command, bus: Bus) -> None:
    from dbus_fast import RequestNameReply
    from dbus_fast.aio import MessageBus

    async def squat() -> None:
        squatter = await MessageBus(bus_address=bus.address).connect()
        assert await squatter.request_name(NAME) is RequestNameReply.PRIMARY_OWNER
        await asyncio.to_thread(play)
        squatter.disconnect()

    def play() -> None:
        with coach.start("play", "short.yaml", *NULL) as process:
            name = f"coach.instance{process.pid}"
            bus.until(rf"coach\n{name}|{name}\ncoach", "-l")
            assert bus.playerctl("-p", name, "status") == "Playing"
            bus.playerctl("-p", name, "stop")
            assert process.wait(20) == 0

    coach.write(SHORT)
    asyncio.run(squat())


def plays_on(coach: Command) -> None:
    """Check that a session plays as long as it should, and that nothing is told of the bus."""
    coach.write(SHORT)
    done = coach("play", "short.yaml", *NULL, "--limit", "0.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert re.fullmatch(r"(0:00 / 0:\d\d  Lift, left\n)?", done.stderr)  # a busy machine may not come to it


@pytest.mark.realtime
@pytest.mark.parametrize("address", ["", "unix:path=/nowhere"])
def test_without_a_bus_it_plays(coach: Command, address: str) -> None:
    coach.environment["DBUS_SESSION_BUS_ADDRESS"] = address
    plays_on(coach)


@pytest.mark.realtime
@desktop
def test_without_the_library_it_plays(coach: Command, bus: Bus) -> None:
    (coach.folder / "dbus_fast.py").write_text("raise ImportError('dbus-fast is not installed')")
    coach.environment["PYTHONPATH"] = str(coach.folder)
    plays_on(coach)


@pytest.mark.realtime
@desktop
def test_a_bus_that_dies_leaves_the_session_playing(coach: Command, bus: Bus) -> None:
    coach.write(SHORT)
    with playing(coach, bus, "short.yaml") as process:
        bus.close()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert re.fullmatch(r"(0:\d\d / 0:\d\d  Lift, \w+\n)+coach: interrupted\n", error)


class Nothing(Controls):
    """Controls of nothing."""

    def give(self, order: Order) -> None:
        pytest.fail(f"nobody asked for {order}")


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "coach-remote"]


def test_nothing_begins_where_there_is_no_bus(track: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    remote = Remote(track, Nothing())
    remote.show(moment(track, 0))
    assert threads() == []
    remote.close()


@pytest.mark.realtime
@pytest.mark.parametrize("address", ["nonsense", "tcp:host=127.0.0.1,port=1", "autolaunch:", "unix:path=/"])
def test_a_bus_that_cannot_be_reached_is_given_up(
    track: Timeline, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], address: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    remote = Remote(track, Nothing())
    remote.show(moment(track, 0))
    deadline = time.monotonic() + 10
    while threads():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    remote.show(moment(track, 1))
    assert threads() == []
    remote.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.realtime
@pytest.mark.parametrize("says", [b"", b"OK 1234deadbeef\r\n" + b"nonsense " * 100])
def test_a_bus_that_does_not_answer_is_left(
    track: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bytes
) -> None:
    pytest.importorskip("dbus_fast", reason="needs dbus-fast")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
    remote = Remote(track, Nothing())
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "bus"))
        server.listen()
        server.settimeout(20)
        remote.show(moment(track, 0))
        with server.accept()[0] as connection:
            connection.sendall(says)
            for seconds in range(5):
                remote.show(moment(track, seconds))
            remote.close()
    assert threads() == []


@pytest.mark.realtime
@desktop
def test_it_may_be_closed_at_any_time(track: Timeline, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    for pause in (0.0, 0.005, 0.02, 0.1):
        remote = Remote(track, Nothing())
        remote.show(moment(track, 0))
        time.sleep(pause)
        remote.show(moment(track, 1))
        remote.close()
        remote.show(moment(track, 2))
        assert threads() == []
        assert bus.playerctl("-l") == ""
