"""What sees and steers a session from elsewhere: headset buttons, media keys, a lock screen."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

    from coach.session.controls import Controls
    from coach.session.mpris import Player
    from coach.session.now import Now
    from coach.timeline import Timeline

_PATIENCE = 1.0  # seconds that the end of a session waits for the desktop


class Remote:
    """Shows a session to the person's desktop, and passes on what they ask for there.

    It needs Linux, a session bus and dbus-fast; where one is missing or goes away, it does nothing. It works
    on a thread of its own, which begins with the first moment shown: nothing waits for it.

    Args:
        timeline: the track.
        controls: those of the session; called from another thread.
    """

    def __init__(self, timeline: Timeline, controls: Controls) -> None:
        self._timeline, self._controls = timeline, controls
        self._wanted = sys.platform == "linux" and bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))
        self._thread: Thread | None = None
        self._player: Player | None = None
        self._loop: AbstractEventLoop | None = None
        self._serving: Task[None] | None = None

    def show(self, now: Now) -> None:
        """Show a moment; call it at every tick, from one thread."""
        if (loop := self._loop) and self._player:
            with suppress(RuntimeError):  # the bus has gone, and the loop with it
                loop.call_soon_threadsafe(self._player.show, now)
        elif self._wanted and self._thread is None:
            self._thread = Thread(target=self._run, args=(now,), name="coach-remote", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Vanish from the desktop."""
        self._wanted = False
        if (loop := self._loop) and self._serving:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._serving.cancel)
        if self._thread:
            self._thread.join(_PATIENCE)

    def _run(self, now: Now) -> None:
        with suppress(Exception):  # whatever befalls a desktop, the session plays on
            import asyncio  # noqa: PLC0415 - 40 ms that the first sound does not wait for

            asyncio.run(self._serve(now))

    async def _serve(self, now: Now) -> None:
        import asyncio  # noqa: PLC0415

        from coach.session.mpris import Player, serve  # noqa: PLC0415

        self._player = Player(self._timeline, self._controls, now)
        self._serving = asyncio.create_task(serve(self._player))
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)  # its log would break the screen
        if not self._wanted:  # closed before it began
            self._serving.cancel()
        await asyncio.wait([self._serving])
        self._loop = None
