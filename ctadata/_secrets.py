"""Secrets in a text that somebody else has made: found in whatever spelling, and left out."""

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
    "hushed",
    "known_tokens",
    "never_show",
    "unescaped",
    "without_secrets",
]

TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"

#: What stands for a secret.
LEFT_OUT = "…"
#: Characters that are not seen, or that change how others are seen, as in a regular expression's
#: set: control characters, line separators, bidirectional controls, all of Unicode's
#: Default_Ignorable_Code_Point, lone surrogates, private use, noncharacters. Not by the categories
#: of `unicodedata`, which differ between versions of Python and from those of the browser.
HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
) + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 15))
_hidden = re.compile(f"[{HIDDEN}]")

# How many of the last tokens are remembered, and how deep a spelling is looked through.
REMEMBERED = 64
DEPTH = 4
# Characters of a token with which a text may end, having been cut, before it gives it away.
BEGINNING = 6
# Characters of a token below which it is looked for as a word of its own only, as it is.
SHORT = 8

_VALUE = r"[^\s\"'<>,;&]+"
_BASE64 = r"[A-Za-z0-9+/_=-]"
# What looks like a secret, and what of it stays. Each takes time in proportion to the text.
_SECRETS = [
    # PEM, also one whose end was cut off, but not where a sentence names its first line.
    (
        r"-{4,8} ?BEGIN\b[A-Z0-9 ]*-{4,}(?![-\"'\u2019\u201d).,;:?!])"
        r".+?(?:-{4,8} ?END\b[A-Z0-9 ]*-{0,5}|\Z)",
        LEFT_OUT,
    ),
    # The base64 of a key or certificate in DER, and of a key of OpenSSH; also with literal \n.
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
    # "Bearer token" alone is what services ask for.
    (rf"\b(bearer\s+[\"']?)(?!tokens?(?![\w-])){_VALUE}", rf"\1{LEFT_OUT}"),
    (r"\b(token\s+[\"']?)(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}", rf"\1{LEFT_OUT}"),
    (rf"((?:token|authz|password|secret)=[\"']?){_VALUE}", rf"\1{LEFT_OUT}"),
    (r"((?:token|password|secret)[\"']\s*:\s*([\"'])).+?(?=\2|\Z)", rf"\1{LEFT_OUT}"),
    (r"(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){1,2}", LEFT_OUT),
    # The user of an address, with the password.
    (r"(?<=://)[^/\s?#\"'<>]*@", f"{LEFT_OUT}@"),
]
# A text without one of these has none of them.
_sign = re.compile(
    r"-{4}|MI[G-L]|CAQ|b3Bl|authori|bearer|token|authz|password|secret|eyJ|://", re.IGNORECASE
)
_end_of_pem = re.compile(r"-{4,8} ?END\b[A-Z0-9 ]*-{0,5}", re.IGNORECASE)
# What may stand before it where its beginning was cut off.
_IN_PEM = string.ascii_letters + string.digits + "+/=_-\\ \t\r\n"
_coded = re.compile(r"%[0-9a-f]{2}|&#?\w+;|\\[xu]", re.IGNORECASE)
# More digits than a character has are more than Python turns into a number.
_number = re.compile(r"(?<=&#)0*([0-9]{1,8})[0-9]*")
_backslashed = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))", re.IGNORECASE)

_sent: dict[str, None] = {}


def never_show(secret: str) -> None:
    """Remember what has been sent as a token: no text of this process shows it from now on."""
    if secret not in _sent:
        _sent[secret] = None
        for old in list(_sent)[:-REMEMBERED]:
            _sent.pop(old, None)


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text in which an ellipsis stands for each secret.

    Parameters
    ----------
    text : str
        What somebody else has made, such as a service.
    secrets : iterable of str, optional
        Tokens that are left out whatever they look like. The token of the environment and those
        that have been sent are left out in any case, unless they are words of a language.

    Returns
    -------
    str
        Without these tokens, percent-encoded, in base64, as entities or with hidden characters
        inside just as well, and without what looks like the token of somebody else, a password in
        an address, a key or a certificate. Where such a spelling has been undone to find one, it
        stays undone.
    """
    tokens = _tokens(secrets)
    text = _hush(text, tokens)
    for _ in range(DEPTH * 2):
        for view in _views(text):
            without = _hush(view, tokens)
            if without != view:
                text = without
                break
        else:
            return text
    # Somebody plays with us.
    return LEFT_OUT


def hushed(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without those secrets that are spelt in it as they are.

    Parameters
    ----------
    text, secrets
        As for `without_secrets`.
    """
    return _hush(text, _tokens(secrets))


def known_tokens() -> list[str]:
    """Return the tokens that nothing may show: that of the environment, and those sent."""
    known = (os.environ.get(TOKEN_VARIABLE, "").strip(), *list(_sent))
    return [token for token in known if len(token) > 3 and not _is_word(token)]


def _tokens(secrets: Iterable[str]) -> list[_Token]:
    return [_token(token) for token in dict.fromkeys((*secrets, *known_tokens())) if token]


def _is_word(token: str) -> bool:
    """Whether it might be one of a sentence of ours; no hub's token is."""
    return token.isalpha() and len(token) < 16


class _Token:
    """A token, and how it may be spelt.

    Attributes
    ----------
    text : str
        As it is.
    needles : tuple of str
        What is in each text that it is in, with the text in lower case.
    pattern : re.Pattern
        Finds it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        exact = re.escape(text)
        if len(text) < SHORT:
            exact = rf"(?<![A-Za-z0-9]){exact}(?![A-Za-z0-9])"
        raw = text.encode("utf-8", "surrogatepass")
        # Of each of the three ways in which its bytes may fall upon groups of base64, its own part.
        codes = []
        for before in range(3 if len(text) >= SHORT else 0):
            code = b64encode(b"\0" * before + raw).decode().rstrip("=")
            codes.append(code[(0, 2, 3)[before] : -1])
        self.needles = tuple(needle.lower() for needle in (text, *codes))
        alternatives = (exact, *(rf"(?-i:{re.escape(code)})[\w+/-]*={{0,2}}" for code in codes))
        self.pattern = re.compile("|".join(alternatives), re.IGNORECASE)

    def left_out_of(self, text: str) -> str:
        """Return a text without it."""
        lower = text.lower()
        if any(needle in lower for needle in self.needles):
            text = self.pattern.sub(LEFT_OUT, text)
        # A text that was cut may end within it.
        if self.text[:BEGINNING] in text[-len(self.text) :]:
            for length in range(len(self.text) - 1, BEGINNING - 1, -1):
                if text.endswith(self.text[:length]):
                    return text[:-length] + LEFT_OUT
        return text


_token = lru_cache(maxsize=2 * REMEMBERED)(_Token)


def _hush(text: str, tokens: list[_Token]) -> str:
    for token in tokens:
        text = token.left_out_of(text)
    if _sign.search(text):
        for secret, stays in _patterns():
            text = secret.sub(stays, text)
        text = _without_ends(text)
    return text


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return what `_SECRETS` has, compiled where it is needed: that takes milliseconds."""
    return [(re.compile(seen, re.IGNORECASE | re.DOTALL), stays) for seen, stays in _SECRETS]


def _without_ends(text: str) -> str:
    """Leave out the PEM of which only the end is there."""
    kept, position = [], 0
    for found in _end_of_pem.finditer(text):
        kept += [text[position : found.start()].rstrip(_IN_PEM), LEFT_OUT]
        position = found.end()
    return "".join(kept) + text[position:]


def _views(text: str) -> Iterator[str]:
    """Yield a text as it might be read by somebody who looks for secrets in it."""
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
    """Return a text of HTML with the characters that its references stand for."""
    from html import unescape

    return unescape(_number.sub(r"\1", text))


def _decoded(text: str) -> str:
    plain = _backslashed.sub(lambda found: _character(found[1] or found[2] or found[3]), text)
    return unescaped(unquote(plain))


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number < 0x110000 else ""
