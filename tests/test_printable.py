"""Text from outside: nothing in it is hidden or moves a cursor, no secret stays, names do."""

from __future__ import annotations

import ast
import base64
import json
import logging
import pickle
import time
import unicodedata
from html import entities
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata import _secrets, errors
from ctadata._printable import LINE, MESSAGE, WORDS, logger_of, printable
from ctadata._secrets import never_show
from ctadata.certificates.service import clean_message
from ctadata.entries import Entry

from .support.certificates import proxy

# The panel's tests read them too.
CASES = json.loads((Path(__file__).parent / "printable.json").read_text("utf-8"))
TOKEN = "a0e1c2d3-TOKEN_of.tests~7"
HIDDEN = "\x00\x07\x1b\n\x7f\x9b\xad\u200b\u200d\u202e\u2066\ufeff\u3164\ufe0f\U000e0041"


@pytest.fixture(autouse=True)
def a_token(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_as_in_the_table(case):
    assert printable(case["text"]) == case["printable"]


@given(
    st.lists(
        st.one_of(
            st.text(),
            st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Mn"]),
            st.sampled_from(
                [*"👩🏽🔥🏴葛مक9#", "\u20e3", "\u200d", "\u200c", "\ufe0f", "\U000e0100"]
            ),
            st.sampled_from([TOKEN, quote(TOKEN), "Bearer ", "\\x1b", "%1b", "-----BEGIN X-----"]),
        )
    ).map("".join),
    st.sampled_from([5, 40, LINE]),
)
def test_whatever_it_is(text, limit):
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert printable(shown, limit) == shown
    assert TOKEN not in shown
    hidden = [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"}]
    assert not hidden
    # Of those that stay, each is between others that are seen.
    joiners = {"\u200c", "\u200d", "\ufe0f", "\ufe0e"}
    for before, character in zip(" " + shown, shown, strict=False):
        if character in joiners:
            assert before.isprintable() or before in joiners, ascii(shown)
            assert ord(before) >= 0x600 or before in "0123456789#*\xa9\xae", ascii(shown)


@pytest.mark.parametrize(
    "before", ["BEARER ", "Authorization: ", "authz=", "token=", "'secret': '", "-----BEGIN X-----"]
)
@pytest.mark.parametrize("hidden", ["\n", "\x1f", "\x85", "\u2028", "\u200b", "\x85\n"], ids=ascii)
@pytest.mark.parametrize("after", ["", " x", "abcdefghij0123456789"])
def test_what_is_written_out_where_a_secret_would_be(before, hidden, after):
    shown = printable(f"{before}{hidden}{after}")
    assert printable(shown) == shown
    assert "abcdefghij" not in shown


@given(st.text(st.sampled_from("abcXYZ019._-+()[]{} /~,'λé数🔥\u0301")))
def test_names_stay(name):
    assert printable(name) == name or "\u0301" * 9 in name


SPELT = {
    "as it is": TOKEN,
    "in capitals": TOKEN.upper(),
    "percent-encoded": "".join(f"%{ord(c):02x}" for c in TOKEN),
    "percent-encoded twice": "".join(f"%25{ord(c):02x}" for c in TOKEN),
    "in part": f"{TOKEN[:4]}%{ord(TOKEN[4]):02X}{TOKEN[5:]}",
    "entities": "".join(f"&#{ord(c)};" for c in TOKEN),
    "entities, hexadecimal": "".join(f"&#x{ord(c):x};" for c in TOKEN),
    "escaped": "".join(f"\\u{ord(c):04x}" for c in TOKEN),
    "escaped for C": "".join(f"\\x{ord(c):02X}" for c in TOKEN),
    "base64": base64.b64encode(TOKEN.encode()).decode(),
    "base64 with a name": base64.b64encode(f"alice:{TOKEN}".encode()).decode(),
    "base64 amid others": base64.b64encode(f"x{TOKEN}yz".encode()).decode(),
    "cut": TOKEN[:-3],
    **{f"with {c!a} inside": c.join(TOKEN) for c in HIDDEN},
    "hidden and encoded": quote("\u200b".join(TOKEN)),
}


@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT)
@pytest.mark.parametrize("around", ["{}", "x{}", "403 said {}", "a\x1b]0;{}"])
def test_the_token_in_whatever_spelling(spelt, around):
    shown = printable(around.format(spelt))
    assert shown.endswith("…")
    bare = "".join(c for c in shown.lower() if c.isalnum())
    pieces = ["".join(c for c in part if c.isalnum()) for part in (TOKEN, spelt)]
    assert not any(piece.lower() in bare for piece in pieces)
    assert printable(shown) == shown


def test_tokens_that_have_been_sent_are_remembered(monkeypatch):
    monkeypatch.setattr(_secrets, "_sent", {})
    never_show("sent-by-a-client-1")
    assert printable("it was sent-by-a-client-1") == "it was …"
    for number in range(200):
        never_show(f"another-{number:04}")
    assert len(_secrets._sent) <= 64
    assert printable("another-0199") == "…"


def test_a_word_as_token_does_not_spoil_sentences(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    assert printable("The hub token is refused") == "The hub token is refused"
    assert printable("you sent token", secrets=["token"]) == "you sent …"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer xyz", "Authorization: …"),
        ("{'authorization': 'bearer xyz', 'Host': 'h'}", "{'authorization': '…', 'Host': 'h'}"),
        ('{"Authorization":"token xyz"}', '{"Authorization":"…"}'),
        ("Proxy-Authorization=Basic YTpi; x", "Proxy-Authorization=…; x"),
        ("you sent Bearer xyz, alas", "you sent Bearer …, alas"),
        ("bea\u200brer\u00a0xyz", "bearer\u00a0…"),
        ("Bearer%20xyz", "Bearer …"),
        ("Bearer token-of-another", "Bearer …"),
        ("Invalid or missing Bearer token", "Invalid or missing Bearer token"),
        ("token 0123456789abcdef0123456789abcdef", "token …"),
        ("The token is refused: take a new one", "The token is refused: take a new one"),
        ("GET /x?token=abc&user=b", "GET /x?token=…&user=b"),
        ("?service-token=abc", "?service-token=…"),
        ('{"access_token": "abc", "a": 1}', '{"access_token": "…", "a": 1}'),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln", "…"),
        ("https://ada:pass@hub.example/x@y", "https://…@hub.example/x@y"),
        ("http://ada:p@ss@[::1]:80", "http://…@[::1]:80"),
    ],
)
def test_secrets_of_others(text, shown):
    assert printable(text) == shown
    assert printable(shown) == shown


def test_pem_is_left_out_however_it_is_spelt():
    pem = proxy().pem().decode()
    blocks = pem.split("-----END")
    one_line = "".join(
        line for line in blocks[0].splitlines() if not line.startswith("-----")
    )  # fmt: skip
    for spelt in (
        pem, pem.replace("\n", "\\n"), pem.replace("\n", " "), pem.replace("\n", ""), pem[:400],
        pem[400:], json.dumps({"a": pem})[7:], quote(pem), one_line, pem * 50,
        "\u200b".join(pem[:900]),
    ):  # fmt: skip
        shown = printable(f"said: {spelt}")
        assert shown.startswith("said:")
        words = [line for line in pem.splitlines() if len(line) > 30 and not line.startswith("-")]
        assert not [word for word in words if word[:20] in shown or word[-20:] in shown], shown


def test_a_sentence_may_speak_of_pem():
    advice = "it has no line '-----BEGIN CERTIFICATE-----': make a new one."
    assert printable(advice) == advice


def test_paths_are_no_keys():
    for path in (
        "MAGIC/DL1/20241114/CrabNebula/tailcut84/run01234/subrun0001/MAGIC/abcdefghijkl",
        "gamma_20deg_180deg_run1___cta-prod5-lapalma_desert-2158m-LaPalma-dark_cone10",
        "d41d8cd98f00b204e9800998ecf8427e" * 4,
        "users/a@b.example/x:y",
    ):
        assert printable(path) == path


def test_what_is_long_keeps_its_beginning_and_its_end():
    shown = printable("begins " + "x" * 100_000 + " ends", 100)
    assert len(shown) == 100
    assert shown.startswith("begins x")
    assert shown.endswith("x ends")
    assert printable("x" * LINE) == "x" * LINE


def test_records_are_clean_whoever_formats_them(caplog):
    logger = logger_of("ctadata.tests.printable")
    assert logger_of("ctadata.tests.printable").filters == logger.filters
    try:
        raise ValueError(f"\x1b[31m{TOKEN}")
    except ValueError:
        logger.exception("%s of %r: %d", "\u202e", "\x1b", 5)
    [record] = caplog.records
    text = logging.Formatter().format(record)
    assert record.getMessage() == r"\u202e of '\x1b': 5"
    assert "Traceback" in text
    assert r"ValueError: \x1b[31m…" in text
    assert TOKEN not in text


def test_entities_of_html_are_looked_through():
    named = {value: name for name, value in entities.html5.items() if name.endswith(";")}
    spelt = "".join(f"&{named[c]}" if c in named else c for c in TOKEN)
    assert "&" in spelt
    assert printable(spelt) == "…"


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_are_clean_whoever_makes_them(name):
    kind = getattr(errors, name)
    path = "a\u202eb"
    error = kind(f"\x1b[31m {path}: {TOKEN} {'x' * 100_000}; try again", path=path)
    assert str(error).startswith(r"\x1b[31m a\u202eb: … xxx")
    assert str(error).endswith("xxx; try again")
    assert len(str(error)) <= MESSAGE
    assert error.args == (str(error),)
    assert error.path == path
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_cause_that_says_too_much_is_left_out():
    for said in (TOKEN, "\x1b[31m", "\u202e"):
        deep = OSError("broke")
        deep.__context__ = ValueError(said)
        assert errors.NotFound("x").caused_by(deep).__cause__ is None
    cause = OSError("broke")
    assert errors.NotFound("x").caused_by(cause).__cause__ is cause


def test_an_entry_shows_its_name_as_a_literal():
    for name in ("a\u202eb\u3164", "it's \x1b", "\U0001f469\u200d\U0001f680", "plain"):
        assert ast.literal_eval(repr(Entry(name, {}))) == name
        assert repr(Entry(name, {})) == printable(repr(Entry(name, {})))


@pytest.mark.parametrize("reference", ["&#{}65;", "&#{}", "&#x{};", "&amp;#{};"])
@pytest.mark.parametrize("digits", ["9" * 5000, "0" * 5000])
def test_numbers_that_are_too_long_for_python(reference, digits):
    text = reference.format(digits)
    for clean in (printable, clean_message, lambda text: str(errors.CTADataError(text))):
        assert clean(text).isprintable()


def test_zeros_before_a_number_hide_nothing(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "Aa0123456789bcdef")
    zeros = "0" * 6000
    assert "0123456789bcdef" not in printable(f"&#{zeros}65;a0123456789bcdef")


REPEATED = [
    *"-<&%\\. \n\u200b\u0301", "BEGIN ", "-----BEGIN ", "-----BEGIN A-----", "-----BEGIN A-----x",
    "---- END ", "<script", "<script>", "<style </script", "<a", "&#", "&lt;", "MI",
    "MIIC" + "A" * 40, "A" * 56, "MIIAAAA\\n", "authorization:", "authorization ", "bearer ",
    "token ", "token=", 'token":"', "password'  :  ", "eyJ", "eyJaaaaaaaa.", "://", "://a@", "%25",
    "\\u005c", "\u0645\u200d", "\U0001f600\u200d", "\U0001f3f4\U000e0061",
]  # fmt: skip


@pytest.mark.parametrize("before", ["", "token -----BEGIN A-----"])
def test_no_text_takes_long(before):
    """A regular expression holds up all threads, and with them the event loop."""
    for repeated in REPEATED:
        text = before + repeated * (40_000 // len(repeated))
        since = time.process_time()
        printable(text, WORDS)
        printable(text)
        clean_message(text)
        assert time.process_time() - since < 5, repeated
