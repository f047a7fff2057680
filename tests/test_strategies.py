"""Random inputs are what they say, and come in the number that was asked for."""

import pytest
from hypothesis import settings
from strategies import examples


def test_long_multiplies_what_a_property_asks_for(long_run):
    assert examples(25).max_examples == settings.default.max_examples == (300 if long_run else 25)
    assert examples(5, deadline=None).max_examples == (60 if long_run else 5)


@pytest.mark.long
def test_long_tests_run_only_when_asked(long_run):
    assert long_run
