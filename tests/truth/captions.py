"""Hashtags and mentions of a caption, read character by character."""

from __future__ import annotations

import string
import unicodedata

HANDLE = frozenset(string.ascii_letters + string.digits + "_")


def is_of_word(character: str) -> bool:
    """Say whether a character is a letter or digit of any script, or an underscore."""
    return character == "_" or character.isalnum()


def is_mark(character: str) -> bool:
    """Say whether a character is a part of the letter before it, as Hindi and Thai vowels are."""
    return unicodedata.category(character).startswith("M")


def hashtags(caption: str) -> list[str]:
    """List what stands behind each #: letters with their marks, digits and underscores.

    A # within a word begins nothing, and a tag does not begin with a mark: that would be an emoji.
    """
    found = []
    for place, character in enumerate(caption):
        if character == "#" and not (place and is_of_word(caption[place - 1])):
            end = place + 1
            while end < len(caption) and (
                is_of_word(caption[end]) or (end > place + 1 and is_mark(caption[end]))
            ):
                end += 1
            if end > place + 1:
                found.append(caption[place + 1 : end])
    return found


def mentions(caption: str) -> list[str]:
    """List what stands behind each @: what a handle is made of, and a full stop ends none.

    A handle is made of English letters, digits, underscores and full stops. An @ within a word or
    behind a full stop, as in an e-mail address, begins nothing.
    """
    found = []
    for place, character in enumerate(caption):
        before = caption[place - 1] if place else " "
        if character == "@" and before != "." and not is_of_word(before):
            end = place + 1
            while end < len(caption) and (caption[end] in HANDLE or caption[end] == "."):
                end += 1
            if handle := caption[place + 1 : end].rstrip("."):
                found.append(handle)
    return found
