"""The texts of errors in a language that nobody knows.

Graph API: error handling. Meta writes the texts of errors in the language of the token's owner;
`code` and `error_subcode` do not change. A pseudo-language replaces every letter of the words, so
that a client that looks for any of Meta's words finds none. What Meta does not translate stays:
the code, numbers, addresses, and names of metrics, fields and parameters.
"""

from __future__ import annotations

import re

from instagram_sandbox.graph_api.catalogue import ACCOUNT_METRICS, MEDIA_METRICS

_NAMELESS = "リクエストを処理できませんでした。しばらくしてからもう一度お試しください。"
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "абцдефгхийклмнопчрстувшхызАБЦДЕФГХИЙКЛМНОПЧРСТУВШХЫЗ",
)
_METRICS = frozenset(ACCOUNT_METRICS).union(*MEDIA_METRICS.values())
_CODE = re.compile(r"\(#-?\d+\) ")
_WORD = re.compile(r"https?://\S+|'[^']*'|\([^)]*\)|\w+\[\d+\]|\w+")
"""Addresses, what is quoted or in brackets, parameters with a number, and other words."""


def translate(text: str) -> str:
    """Return the text of an error, which may begin with a code, in the pseudo-language."""
    code, rest = _parts(text)
    return code + _WORD.sub(_word, rest)


def nameless(text: str) -> str:
    """Return a text in place of an error's that names neither a metric, nor a field, nor a reason.

    The code at the beginning stays.
    """
    return _parts(text)[0] + _NAMELESS


def _parts(text: str) -> tuple[str, str]:
    code = _CODE.match(text)
    return (code[0], text[code.end() :]) if code else ("", text)


def _word(found: re.Match[str]) -> str:
    word = found[0]
    is_name = not word.isalpha() or word in _METRICS
    return word if is_name else word.translate(_LETTERS)
