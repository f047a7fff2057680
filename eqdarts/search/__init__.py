"""The search, from the first α to the front."""
