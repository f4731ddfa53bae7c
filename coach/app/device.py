"""The sound device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.errors import AudioError
from coach.player import open_player

if TYPE_CHECKING:
    from coach.player import Player


def open_device(player: str, instead: str = "'coach export' writes a file instead") -> Player:
    """Return an open player.

    Args:
        player: the player's name, or "auto".
        instead: what the user can do on a machine without a sound device.

    Raises:
        AudioError: there is none; the message says what to do.
    """
    try:
        return open_player(player)
    except AudioError as error:
        raise AudioError(f"{error}; {instead}, and --player null keeps time in silence") from error
