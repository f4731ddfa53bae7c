"""A session as a media player on the desktop's bus: the Media Player Remote Interfacing Specification, 2.2.

What each member means stands in https://specifications.freedesktop.org/mpris-spec/2.2/.
"""

# Without `from __future__ import annotations`: dbus-fast reads from the annotations what goes over the bus.

import logging
import math
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from dbus_fast import DBusError, ErrorType, NameFlag, PropertyAccess, RequestNameReply, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import (
    DBusBool,
    DBusDict,
    DBusDouble,
    DBusInt64,
    DBusObjectPath,
    DBusSignature,
    DBusStr,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from coach.borders import clean_for_tag
from coach.session.now import SessionState
from coach.session.titles import moment_title
from coach.units import RATE

if TYPE_CHECKING:
    from coach.session.controls import Controls
    from coach.session.now import Now
    from coach.timeline import Timeline

_NAME = "org.mpris.MediaPlayer2.coach"
_PATH = "/org/mpris/MediaPlayer2"

_JUMP = RATE // 2
"""Samples between where a session is and where others must believe it to be, from which they are told."""

_Texts = Annotated[list[str], DBusSignature("as")]


async def serve(player: "Player") -> None:
    """Be on the session bus until the bus goes away, or this is cancelled.

    Raises:
        Exception: the bus can't be reached, or went away; of many kinds.
    """
    logging.getLogger("dbus_fast").setLevel(logging.CRITICAL + 1)  # its complaints would break the screen
    bus = await MessageBus().connect()
    try:
        bus.export(_PATH, Application(player.controls))
        bus.export(_PATH, player)
        if await bus.request_name(_NAME, NameFlag.DO_NOT_QUEUE) is not RequestNameReply.PRIMARY_OWNER:
            await bus.request_name(f"{_NAME}.instance{os.getpid()}")
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call, unused-ignore]
    finally:
        bus.disconnect()


def _always(name: str, value: bool) -> Any:
    """Return a property that never changes, for an attribute of the same name."""

    def constant(_: ServiceInterface) -> DBusBool:
        return value

    constant.__name__ = name  # by which dbus-fast gets the attribute
    return dbus_property(PropertyAccess.READ)(constant)


class Application(ServiceInterface):
    """What a desktop knows of the program itself.

    Args:
        controls: those of the session.
    """

    def __init__(self, controls: "Controls") -> None:
        super().__init__("org.mpris.MediaPlayer2")
        self._controls = controls

    CanQuit = _always("CanQuit", True)
    CanRaise = _always("CanRaise", False)
    HasTrackList = _always("HasTrackList", False)

    @dbus_method("Raise")
    def raise_window(self) -> None:
        """Do nothing: there is no window."""

    @dbus_method("Quit")
    def quit(self) -> None:
        """Stop the session, and with it the program."""
        self._controls.stop()

    @dbus_property(PropertyAccess.READ, "Identity")
    def identity(self) -> DBusStr:
        """The name for people."""
        return "Coach"

    @dbus_property(PropertyAccess.READ, "SupportedUriSchemes")
    def uri_schemes(self) -> _Texts:
        """Nothing can be opened from elsewhere."""
        return []

    @dbus_property(PropertyAccess.READ, "SupportedMimeTypes")
    def mime_types(self) -> _Texts:
        """Nothing can be opened from elsewhere."""
        return []


class Player(ServiceInterface):
    """What plays: positions and the length are those of the whole session, each chapter is a track of it.

    Args:
        timeline: the track.
        controls: those of the session.
        now: where the session is.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        timeline: "Timeline",
        controls: "Controls",
        now: "Now",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("org.mpris.MediaPlayer2.Player")
        self.controls = controls
        self._timeline, self._now, self._clock = timeline, now, clock
        self._told = self._telling()
        # Where others believe it to be, who reckon from what they were told, and when that was so.
        self._believed, self._reckoned_at = float(now.sample), clock()

    def show(self, now: "Now") -> None:
        """Take over where the session is, and tell the bus what has changed."""
        moment = self._clock()
        if self._now.state is SessionState.PLAYING:
            self._believed += (moment - self._reckoned_at) * RATE
        self._reckoned_at = moment
        other_track = now.chapter != self._now.chapter  # some begin to reckon from 0 with it
        told, self._now = self._told, now
        self._told = self._telling()
        changed = {name: value for name, value in self._told.items() if value != told[name]}
        if changed:
            self.emit_properties_changed(changed)
        if other_track or abs(now.sample - self._believed) > _JUMP:
            self._believed = float(now.sample)
            self.seeked()

    def _telling(self) -> dict[str, Any]:
        """Return the properties whose changes are told."""
        return {"PlaybackStatus": self.status, "Metadata": self.metadata, "Volume": self.volume}

    CanControl = _always("CanControl", True)
    CanPlay = _always("CanPlay", True)
    CanPause = _always("CanPause", True)
    CanSeek = _always("CanSeek", True)
    CanGoNext = _always("CanGoNext", True)
    CanGoPrevious = _always("CanGoPrevious", True)

    @dbus_property(PropertyAccess.READ, "PlaybackStatus")
    def status(self) -> DBusStr:
        """Whether there is sound."""
        return "Playing" if self._now.state is SessionState.PLAYING else "Paused"

    @dbus_property(PropertyAccess.READ, "Metadata")
    def metadata(self) -> DBusDict:
        """What is played."""
        return {
            "mpris:trackid": Variant("o", self._track),
            "mpris:length": Variant("x", _microseconds(self._timeline.length)),
            "xesam:title": Variant("s", clean_for_tag(moment_title(self._timeline, self._now))),
            "xesam:album": Variant("s", clean_for_tag(self._timeline.title)),
            "xesam:artist": Variant("as", ["Coach"]),
        }

    @property
    def _track(self) -> str:
        return f"/org/coach/chapter/{self._now.chapter}"

    @dbus_property(PropertyAccess.READ, "Position")
    def position(self) -> DBusInt64:
        """Where it is, in microseconds."""
        return _microseconds(self._now.sample)

    @dbus_property(PropertyAccess.READWRITE, "Volume")
    def volume(self) -> DBusDouble:
        """As a factor of 0.0 to 1.0."""
        return self._now.volume

    @volume.setter
    def set_volume(self, value: DBusDouble) -> None:
        """Set it; what lies outside becomes the nearest."""
        if not math.isnan(value):
            self.controls.set_volume(value)

    @dbus_property(PropertyAccess.READWRITE, "Rate")
    def rate(self) -> DBusDouble:
        """How fast it plays: a body's tempo is not for a remote control to change."""
        return 1.0

    @rate.setter
    def set_rate(self, value: DBusDouble) -> None:
        """Pause, if the rate is 0: so the specification wants it. Any other is passed over."""
        if value == 0:
            self.controls.pause()

    @dbus_property(PropertyAccess.READ, "MinimumRate")
    def minimum_rate(self) -> DBusDouble:
        """See `rate`."""
        return 1.0

    @dbus_property(PropertyAccess.READ, "MaximumRate")
    def maximum_rate(self) -> DBusDouble:
        """See `rate`."""
        return 1.0

    @dbus_method("PlayPause")
    def play_pause(self) -> None:
        """Pause, or continue; a session that waits for sound looks paused, and continues by itself."""
        if self._now.state is SessionState.WAITING:
            self.controls.resume()
        else:
            self.controls.toggle()

    @dbus_method("Play")
    def play(self) -> None:
        """Continue."""
        self.controls.resume()

    @dbus_method("Pause")
    def pause(self) -> None:
        """Pause."""
        self.controls.pause()

    @dbus_method("Stop")
    def stop(self) -> None:
        """Stop the session; it leaves the bus then."""
        self.controls.stop()

    @dbus_method("Next")
    def next(self) -> None:
        """Go to the next exercise."""
        self.controls.next()

    @dbus_method("Previous")
    def previous(self) -> None:
        """Go to the start of this exercise, then to the one before."""
        self.controls.previous()

    @dbus_method("Seek")
    def seek(self, offset: DBusInt64) -> None:
        """Go so many microseconds forward, or back; beyond the end is as `next`."""
        if _microseconds(self._now.sample) + offset > _microseconds(self._timeline.length):
            self.controls.next()
        else:
            self.controls.seek(offset / 1_000_000)

    @dbus_method("SetPosition")
    def set_position(self, track: DBusObjectPath, position: DBusInt64) -> None:
        """Go to a moment; one outside the track, or meant for another one, is passed over."""
        if track == self._track and 0 <= position <= _microseconds(self._timeline.length):
            self.controls.go_to(position / 1_000_000)

    @dbus_method("OpenUri")
    def open_uri(self, uri: DBusStr) -> None:  # noqa: ARG002 - part of its signature on the bus
        """Refuse.

        Raises:
            DBusError: always.
        """
        raise DBusError(ErrorType.NOT_SUPPORTED, "Coach opens nothing from elsewhere")

    @dbus_signal("Seeked")
    def seeked(self) -> DBusInt64:
        """Tell where it is now, when nobody could have reckoned it."""
        return _microseconds(self._now.sample)


Player.position.introspection.annotations["org.freedesktop.DBus.Property.EmitsChangedSignal"] = "false"


def _microseconds(sample: int) -> int:
    return round(sample * 1_000_000 / RATE)
