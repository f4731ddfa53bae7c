"""Pictures of a routine: a cover for its track, sheets to hand out, a page for any screen."""

from coach.pictures.cover import cover
from coach.pictures.page import html
from coach.pictures.svg import svg

__all__ = ["cover", "html", "svg"]
