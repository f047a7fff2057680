<<<<<<< HEAD
"""The search: relaxed (a mixture on every edge) or sampled (fixed graphs drawn from α)."""
=======
"""The search, from the first α to the front."""
>>>>>>> relax
