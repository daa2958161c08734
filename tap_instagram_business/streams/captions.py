"""The hashtags and mentions of a caption."""

from __future__ import annotations

import functools
import re
import unicodedata

SCRIPTS = range(0x300, 0x1F000)
"""The characters of the world's scripts, without emoji."""
MENTION = re.compile(r"(?<![\w.])@([A-Za-z0-9_.]*[A-Za-z0-9_])")


@functools.cache
def _hashtag() -> re.Pattern[str]:
    """Return the pattern of a hashtag.

    A letter may carry marks, such as a vowel of Hindi, and the class of letters leaves marks out.
    """
    marks = (chr(code) for code in SCRIPTS if _is_mark(code))
    return re.compile(rf"(?<!\w)#(\w[\w{''.join(marks)}]*)")


def _is_mark(code: int) -> bool:
    return unicodedata.category(chr(code)).startswith("M")


def hashtags(caption: str) -> list[str]:
    """Return the hashtags of a caption in their order, without the #."""
    return _hashtag().findall(caption)


def mentions(caption: str) -> list[str]:
    """Return the handles that a caption mentions in their order, without the @.

    A handle has English letters, digits, underscores and full stops, and does not end with a stop.
    """
    return MENTION.findall(caption)
