"""Find secrets in foreign text, in whatever encoding, and remove them."""

from __future__ import annotations

import os
import re
import string
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

__all__ = [
    "HIDDEN",
    "LEFT_OUT",
    "TOKEN_VARIABLE",
    "known_tokens",
    "never_show",
    "unescaped",
    "without_plain_secrets",
    "without_secrets",
]

TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"

#: Replaces a secret.
LEFT_OUT = "…"
#: Characters that are invisible or change how others are displayed, as a set for a regular
#: expression: control characters, line separators, bidirectional controls, Unicode's
#: Default_Ignorable_Code_Point, lone surrogates, private use, noncharacters. The categories of
#: `unicodedata` are not used: they differ between versions of Python, and from the browser's.
HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
) + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 15))
_hidden = re.compile(f"[{HIDDEN}]")

# How many sent tokens are remembered, and how many nested encodings are decoded.
REMEMBERED = 64
DEPTH = 4
# A shortened text may end with fewer characters of a token than this.
BEGINNING = 6
# A token shorter than this is searched for only as a separate word, without encodings.
SHORT = 8

_VALUE = r"[^\s\"'<>,;&]+"
_BASE64 = r"[A-Za-z0-9+/_=-]"
# Patterns of secrets, and their replacements. Each takes linear time.
_SECRETS = [
    # PEM, even if its end is missing, but not a sentence that mentions its first line.
    (
        r"-{4,8} ?BEGIN\b[A-Z0-9 ]*-{4,}(?![-\"'\u2019\u201d).,;:?!])"
        r".+?(?:-{4,8} ?END\b[A-Z0-9 ]*-{0,5}|\Z)",
        LEFT_OUT,
    ),
    # Base64 of a key or certificate in DER, or of a key of OpenSSH; also with literal \n.
    (
        rf"(?<![\w+/-])(?-i:MI[G-L]|M[C-H][\w+/]CAQ|b3BlbnNzaC1rZXk){_BASE64}{{40,}}"
        rf"(?:(?:\\[nr]|\s)+{_BASE64}{{16,}})*",
        LEFT_OUT,
    ),
    (
        r"((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)"
        rf"(?:(?:bearer|basic|token|digest|negotiate)\s+[\"']?)?{_VALUE}",
        rf"\1{LEFT_OUT}",
    ),
    # The words "Bearer token" alone occur in the messages of services.
    (rf"\b(bearer\s+[\"']?)(?!tokens?(?![\w-])){_VALUE}", rf"\1{LEFT_OUT}"),
    (r"\b(token\s+[\"']?)(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}", rf"\1{LEFT_OUT}"),
    (rf"((?:token|authz|password|secret)=[\"']?){_VALUE}", rf"\1{LEFT_OUT}"),
    (r"((?:token|password|secret)[\"']\s*:\s*([\"'])).+?(?=\2|\Z)", rf"\1{LEFT_OUT}"),
    (r"(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){1,2}", LEFT_OUT),
    # User name and password in a URL.
    (r"(?<=://)[^/\s?#\"'<>]*@", f"{LEFT_OUT}@"),
]
# A text without any of these has none of the secrets above.
_sign = re.compile(
    r"-{4}|MI[G-L]|CAQ|b3Bl|authori|bearer|token|authz|password|secret|eyJ|://", re.IGNORECASE
)
_end_of_pem = re.compile(r"-{4,8} ?END\b[A-Z0-9 ]*-{0,5}", re.IGNORECASE)
# What may precede the end mark if the beginning is missing.
_IN_PEM = string.ascii_letters + string.digits + "+/=_-\\ \t\r\n"
_coded = re.compile(r"%[0-9a-f]{2}|&#?\w+;|\\[xu]", re.IGNORECASE)
# Python refuses to convert very long numbers; no character needs more than these digits.
_number = re.compile(r"(?<=&#)0*([0-9]{1,8})[0-9]*")
_backslashed = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))", re.IGNORECASE)

_sent: dict[str, None] = {}


def never_show(secret: str) -> None:
    """Remember a token that is sent, so that no text of this process ever shows it."""
    if secret not in _sent:
        _sent[secret] = None
        for old in list(_sent)[:-REMEMBERED]:
            _sent.pop(old, None)


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text with an ellipsis in place of each secret.

    Parameters
    ----------
    text : str
        Foreign text, such as that of a service.
    secrets : iterable of str, optional
        Tokens to remove, whatever they look like. The token of the environment and those that were
        sent are always removed, unless they could be normal words.

    Returns
    -------
    str
        The text without these tokens, even if they are percent-encoded, in base64, written as
        entities or interspersed with hidden characters, and without anything that looks like
        another token, a password in a URL, a key or a certificate. If the text had to be decoded
        to find a secret, it is returned decoded.
    """
    tokens = _tokens(secrets)
    text = _remove_plain(text, tokens)
    for _ in range(DEPTH * 2):
        for view in _decoded_forms(text):
            without = _remove_plain(view, tokens)
            if without != view:
                text = without
                break
        else:
            return text
    # The text was crafted to defeat this.
    return LEFT_OUT


def without_plain_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the secrets that are not encoded in it; see `without_secrets`."""
    return _remove_plain(text, _tokens(secrets))


def known_tokens() -> list[str]:
    """Return the tokens that must not be shown: that of the environment, and those sent."""
    known = (os.environ.get(TOKEN_VARIABLE, "").strip(), *list(_sent))
    return [token for token in known if len(token) > 3 and not _is_word(token)]


def _tokens(secrets: Iterable[str]) -> list[_Token]:
    return [_token(token) for token in dict.fromkeys((*secrets, *known_tokens())) if token]


def _is_word(token: str) -> bool:
    """Whether it could be a word of one of our sentences; tokens of hubs never are."""
    return token.isalpha() and len(token) < 16


class _Token:
    """A token and its encodings.

    Attributes
    ----------
    text : str
        The token.
    needles : tuple of str
        Strings in lower case; a text that contains the token contains one of them.
    pattern : re.Pattern
        Matches the token.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        exact = re.escape(text)
        if len(text) < SHORT:
            exact = rf"(?<![A-Za-z0-9]){exact}(?![A-Za-z0-9])"
        raw = text.encode("utf-8", "surrogatepass")
        # The fixed part of each of its three alignments in base64.
        codes = []
        for before in range(3 if len(text) >= SHORT else 0):
            code = b64encode(b"\0" * before + raw).decode().rstrip("=")
            codes.append(code[(0, 2, 3)[before] : -1])
        self.needles = tuple(needle.lower() for needle in (text, *codes))
        alternatives = (exact, *(rf"(?-i:{re.escape(code)})[\w+/-]*={{0,2}}" for code in codes))
        self.pattern = re.compile("|".join(alternatives), re.IGNORECASE)

    def remove_from(self, text: str) -> str:
        """Return a text without the token."""
        lower = text.lower()
        if any(needle in lower for needle in self.needles):
            text = self.pattern.sub(LEFT_OUT, text)
        # A shortened text may end within the token.
        if self.text[:BEGINNING] in text[-len(self.text) :]:
            for length in range(len(self.text) - 1, BEGINNING - 1, -1):
                if text.endswith(self.text[:length]):
                    return text[:-length] + LEFT_OUT
        return text


_token = lru_cache(maxsize=2 * REMEMBERED)(_Token)


def _remove_plain(text: str, tokens: list[_Token]) -> str:
    for token in tokens:
        text = token.remove_from(text)
    if _sign.search(text):
        for secret, stays in _patterns():
            text = secret.sub(stays, text)
        text = _without_pem_ends(text)
    return text


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Compile `_SECRETS` at its first use, because that takes milliseconds."""
    return [(re.compile(seen, re.IGNORECASE | re.DOTALL), stays) for seen, stays in _SECRETS]


def _without_pem_ends(text: str) -> str:
    """Remove PEM of which only the end is present."""
    kept, position = [], 0
    for found in _end_of_pem.finditer(text):
        kept += [text[position : found.start()].rstrip(_IN_PEM), LEFT_OUT]
        position = found.end()
    return "".join(kept) + text[position:]


def _decoded_forms(text: str) -> Iterator[str]:
    """Yield the decoded forms of a text in which somebody could find a secret."""
    for between in ("", " ") if _hidden.search(text) else ("",):
        view = text
        for _ in range(DEPTH):
            bare = _hidden.sub(between, view)
            if bare != text:
                yield bare
            if not _coded.search(bare):
                break
            view = _decoded(bare)


def unescaped(text: str) -> str:
    """Return HTML text with its character references replaced."""
    from html import unescape

    return unescape(_number.sub(r"\1", text))


def _decoded(text: str) -> str:
    plain = _backslashed.sub(lambda found: _character(found[1] or found[2] or found[3]), text)
    return unescaped(unquote(plain))


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number < 0x110000 else ""
