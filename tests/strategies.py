"""How many random examples a property has, and what they are made of."""

from hypothesis import settings

_USUAL = 25  # examples of the short profile in conftest


def examples(count, **more):
    """As many examples of a property, and in the same proportion more by --long."""
    return settings(max_examples=max(count * settings.default.max_examples // _USUAL, 1), **more)
