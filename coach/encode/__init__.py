"""From timelines to files: formats, tags, captions, albums, and copying them to a phone."""
