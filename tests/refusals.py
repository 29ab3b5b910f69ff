"""What every module of the theory owes to bad input: a refusal in one line."""

import pytest


def refused_in_one_line(call, message, error=ValueError):
    """Assert that a call raises an error of one line that holds the message, a regular expression."""
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
