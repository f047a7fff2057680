"""Many fits: targets, groups, settings and seeds of one table, on one machine or on many, and resumable."""

from eqdarts.sweeping.study import sweep

__all__ = ["sweep"]
