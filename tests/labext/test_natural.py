from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ctadata._paths import FORBIDDEN
from ctadata_labext.natural import natural_order

NAME = st.text(min_size=1, max_size=12).filter(lambda text: not re.search(f"[{FORBIDDEN}]", text))
NUMBERED = st.from_regex(r"[aB.]{0,2}[0-9]{1,25}[aB.]?[0-9]{0,3}", fullmatch=True)


def described(name: str) -> tuple[str, str]:
    """Return the key that openapi.yaml describes."""
    padded = re.sub("[0-9]+", lambda digits: digits[0].rjust(20, "0"), name.lower())
    return padded, name


@given(st.lists(NAME | NUMBERED | st.sampled_from(["Σ", "aΣ", "İ1", "1Σ"])))
def test_as_described(names: list[str]) -> None:
    ordered = [names[place] for place in natural_order(names)]
    assert ordered == sorted(names, key=described)


def test_many_names_are_one_order() -> None:
    names = [f"Run{n}" for n in range(10_000)]
    places = natural_order(sorted(names))
    assert [sorted(names)[place] for place in places] == names
