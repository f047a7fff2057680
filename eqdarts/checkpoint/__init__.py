"""Where a search stands, in a file: how it is written, when, and what another process finds in it."""
