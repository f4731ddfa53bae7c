"""The log of sessions: what was played, when, and what was done, in a database that survives a kill."""

from coach.history.log import History, Record, database, session_lock
from coach.history.model import Answer, Ending, Outcome, Question, SessionLog, SetLog, SetOutcome
from coach.history.store import HistoryError

__all__ = [
    "Answer",
    "Ending",
    "History",
    "HistoryError",
    "Outcome",
    "Question",
    "Record",
    "SessionLog",
    "SetLog",
    "SetOutcome",
    "database",
    "session_lock",
]
