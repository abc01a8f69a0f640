from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata.errors import InvalidPath
from ctadata.storage.paths import check_remote_path, join_quoted, local_name

NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1
).filter(lambda name: name not in {".", ".."})


@given(st.lists(NAMES, max_size=4))
def test_names_survive_splitting_and_quoting(names):
    segments = check_remote_path("/".join(names))
    assert segments == names
    quoted = join_quoted(segments, 2)
    assert unquote(unquote(quoted)) == "/".join(names)
    assert all(character.isascii() for character in quoted)


def test_outer_slashes_make_no_difference():
    assert check_remote_path("/lst/data/") == check_remote_path("lst/data") == ["lst", "data"]
    assert check_remote_path("") == check_remote_path("/") == []


@pytest.mark.parametrize(
    "path",
    ["lst/../cta", "..", ".", "lst/./x", "lst//x", "//host/x", "a\\b", "a\0b", "a\nb", "\x7f"],
)
def test_what_must_not_be_asked_for_is_refused(path):
    with pytest.raises(InvalidPath, match="has "):
        check_remote_path(path)


def test_dots_within_names_are_fine():
    assert check_remote_path("a..b/...") == ["a..b", "..."]


def test_a_name_too_long_for_a_file_is_refused():
    assert local_name("ü" * 127, "x") == "ü" * 127
    with pytest.raises(InvalidPath, match="255 bytes"):
        local_name("ü" * 128, "x")
