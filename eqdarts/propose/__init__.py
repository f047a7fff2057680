"""Sources of candidate graphs."""
