"""What a report says of constants that each group has of its own."""

from __future__ import annotations

from eqdarts.equation.by_group import ByGroup
from eqdarts.report.words import count

_MOST = 60  # groups that are listed


def group_sentences(own: ByGroup) -> list[str]:
    """One for all groups together, and one for each."""
    shared = ", ".join(f"{name} = {_measured(value, error)}" for name, (value, error) in own.shared.items())
    head = f"The rows are those of {count(len(own.labels), 'group')} of {own.column}."
    lines = [f"{head} All of them share {shared}." if shared else head]
    for g, label in enumerate(own.labels[:_MOST]):
        pairs = zip(own.names, own.values[g], own.errors[g], strict=True)
        constants = ", ".join(f"{name} = {_measured(value, error)}" for name, value, error in pairs)
        left = f"leaves {own.residual[g]:.3g} on {count(int(own.rows[g]), 'row')}"
        lines.append(f"{label}: {constants}; {left}." if constants else f"{label}: {left}.")
    more = len(own.labels) - _MOST
    return [*lines, f"And {count(more, 'more group')}."] if more > 0 else lines


def _measured(value: float, error: float) -> str:
    return f"{value:.4g} ± {error:.2g}"
