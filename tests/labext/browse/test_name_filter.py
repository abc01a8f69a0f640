from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from ctadata_labext.browse.name_filter import name_test
from ctadata_labext.errors import BadRequest

# The panel's tests read them too.
CASES = json.loads((Path(__file__).parents[2] / "matching.json").read_text("utf-8"))


@pytest.mark.parametrize(("pattern", "name", "matches"), CASES)
def test_as_the_panel_filters(pattern: str, name: str, matches: bool) -> None:
    assert name_test(pattern)(name) is matches


@pytest.mark.parametrize("pattern", ["", "  ", "x" * 256])
def test_patterns_that_are_refused(pattern: str) -> None:
    with pytest.raises(BadRequest):
        name_test(pattern)


@pytest.mark.parametrize("pattern", ["*a" * 127, "a*" * 127 + "b", "*" * 254 + "b", "?*" * 127])
def test_hostile_patterns_take_no_time(pattern: str) -> None:
    test = name_test(pattern)
    started = time.process_time()
    test("a" * 255)
    test("a" * 10_000)
    assert time.process_time() - started < 1
