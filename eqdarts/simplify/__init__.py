"""A fitted formula made as simple as the rows allow."""
