"""Why tasks failed: the journal's entries in groups of the same kind, each with its cause and what to do. Pure."""
