"""The search: relaxed (a mixture on every edge) or sampled (fixed graphs drawn from α)."""
