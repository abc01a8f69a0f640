from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata.errors import CTADataError
from ctadata.transfers.patterns import FilePatterns

PATHS = ["a.h5", "a.txt", "muons/a.h5", "run/muons/b.h5", "run/.git/config", ".git/config"]


def taken(**patterns):
    chosen = FilePatterns(**patterns)
    return [path for path in PATHS if chosen.takes(path)]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({}, PATHS),
        ({"include": ["*.h5"]}, ["a.h5", "muons/a.h5", "run/muons/b.h5"]),
        ({"include": "*.h5"}, ["a.h5", "muons/a.h5", "run/muons/b.h5"]),
        ({"include": ["A.h5"]}, []),
        ({"include": ["[ab].h5"], "exclude": ["b*"]}, ["a.h5", "muons/a.h5"]),
        ({"include": ["*.txt", "config"]}, ["a.txt", "run/.git/config", ".git/config"]),
        # With a slash: the whole relative path.
        ({"include": ["muons/*"]}, ["muons/a.h5"]),
        ({"include": ["*/muons/*.h5"]}, ["run/muons/b.h5"]),
        ({"include": ["run/*"]}, ["run/muons/b.h5", "run/.git/config"]),
        ({"include": ["/a.*"]}, ["a.h5", "a.txt"]),
        # With a slash at the end: directories, by their name or, with another slash, their path.
        ({"include": ["muons/"]}, ["muons/a.h5", "run/muons/b.h5"]),
        ({"include": ["run/muons/"]}, ["run/muons/b.h5"]),
        ({"exclude": [".git/"]}, PATHS[:4]),
        ({"exclude": ["/.git/"]}, PATHS[:5]),
        ({"exclude": ["r*/", "*.txt"]}, ["a.h5", "muons/a.h5", ".git/config"]),
        # A pattern without one is about files.
        ({"exclude": ["muons"]}, PATHS),
    ],
)
def test_what_is_taken(patterns, expected):
    assert taken(**patterns) == expected


@pytest.mark.parametrize(
    ("exclude", "pruned"),
    [
        (".git/", [".git", "run/.git", "run/.git/objects"]),
        ("/.git/", [".git"]),
        ("run/.git/*", ["run/.git", "run/.git/objects"]),
        ("*/.git/", ["run/.git", "run/.git/objects"]),
        ("*.git", []),
        ("run/*.git", []),
    ],
)
def test_excluded_directories_are_not_even_listed(exclude, pruned):
    patterns = FilePatterns(exclude=[exclude])
    directories = ["", "run", ".git", "run/.git", "run/.git/objects"]
    assert [path for path in directories if patterns.prunes(path)] == pruned
    assert patterns.prunes(".git/") == patterns.prunes(".git")


@pytest.mark.parametrize("pattern", ["", "/"])
def test_an_empty_pattern_is_refused(pattern):
    with pytest.raises(CTADataError, match="empty"):
        FilePatterns(include=["*.h5", pattern])


segment = st.text("ab.[]*?!-^\\$λ\n", min_size=1, max_size=5)
paths = st.lists(segment, min_size=1, max_size=4).map("/".join)


@given(paths, st.lists(segment, max_size=3), st.lists(segment, max_size=3))
def test_names_are_compared_as_fnmatch_does(path, include, exclude):
    name = path.rpartition("/")[2]
    expected = (
        not include or any(fnmatch.fnmatchcase(name, each) for each in include)
    ) and not any(fnmatch.fnmatchcase(name, each) for each in exclude)
    assert FilePatterns(include, exclude).takes(path) == expected


@given(paths, st.lists(paths.flatmap(lambda p: st.sampled_from([p, p + "/", "/" + p, p + "/*"]))))
def test_nothing_below_a_pruned_directory_is_taken(path, exclude):
    patterns = FilePatterns(exclude=exclude)
    directory = path.rpartition("/")[0]
    if patterns.prunes(directory):
        assert not patterns.takes(path)
        assert patterns.prunes(f"{directory}/below")
