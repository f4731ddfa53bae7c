"""A track that is being played, and what a person does with it meanwhile; `session.Session` is the way in."""
