"""Units of columns: what they mean, whether a formula can have them, and what its constants have."""
