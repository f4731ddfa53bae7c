"""Timelines to files: formats, tags, captions, albums, and bringing them to a phone."""
