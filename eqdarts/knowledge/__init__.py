"""What a user knows of a law before the search: constraints, starting equations, known constants."""
