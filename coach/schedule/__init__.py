"""Routines that play by themselves at set times."""

from coach.schedule.model import RefusedError, Schedule

__all__ = ["RefusedError", "Schedule"]
