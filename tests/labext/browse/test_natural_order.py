from __future__ import annotations

import json
import re
from itertools import permutations, takewhile
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata.storage.paths import FORBIDDEN
from ctadata_labext.browse.natural_order import natural_order

# The panel's tests read them too.
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "natural.json").read_text("utf-8")
)
NAME = st.text(min_size=1, max_size=12).filter(lambda text: not re.search(f"[{FORBIDDEN}]", text))
NUMBERED = st.from_regex(r"[aB.]{0,2}[0-9]{1,25}[aB.]?[0-9]{0,3}", fullmatch=True)


def ordered(names: list[str]) -> list[str]:
    return [names[place] for place in natural_order(names)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_as_in_the_table(case: dict[str, Any]) -> None:
    names = case["names"]
    assert ordered(names) == ordered(names[::-1]) == ordered(sorted(names)) == names


def described(name: str) -> tuple[list[tuple[str, int, str]], str]:
    """Return the key that openapi.yaml describes: texts, and numbers as numbers."""
    key = []
    folded = normalize("NFC", name).lower()
    while folded:
        digits = "".join(takewhile("0123456789".__contains__, folded))
        # A digit is compared with what is no digit as what it is written with.
        key.append(("0", int(digits), "") if digits else (folded[0], 0, ""))
        folded = folded[len(digits) or 1 :]
    return key, name


def test_the_description_of_the_table() -> None:
    for case in CASES:
        # What is no digit but lies between '0' and '9' does not exist; ':' lies behind.
        assert sorted(case["names"], key=described) == case["names"], case["what"]


@given(st.lists(NAME | NUMBERED | st.sampled_from(["Σ", "aΣ", "İ1", "1Σ", "e\u0301", "\u00e9"])))
def test_as_described(names: list[str]) -> None:
    assert ordered(names) == sorted(names, key=described)


def test_many_names_are_one_order() -> None:
    names = [f"Run{n}" for n in range(10_000)]
    assert ordered(sorted(names)) == names


def test_equal_names_have_one_order() -> None:
    for names in permutations(["a1", "a01", "A1", "a001"]):
        assert ordered(list(names)) == ["A1", "a001", "a01", "a1"]
