"""Routines that play by themselves at set times."""

from coach.schedule.model import Schedule

__all__ = ["Schedule"]
