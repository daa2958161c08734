"""Captions and comments with characters that are often processed wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.dice import Dice, Key

_CAPTIONS = (
    "New in the shop 🎉🎉 #new #shop",
    "They said \"it cannot be done\" – we said 'watch'",  # noqa: RUF001
    "C:\\temp\\new and \\u0041 are just text",
    "Column one\tcolumn two\nsecond line\r\nthird line",
    "新しいコレクション 🌸 @friend.of.the_house",
    "صباح الخير من المقهى ☕️",
    "Сегодня скидка 20 % #распродажа",
    "Café, naïve, Zoë — “quoted” & <b>not bold</b>",
    "👩‍👩‍👧‍👦 family day 🏳️‍🌈",
    "comma, semicolon; pipe | {json: true} [list]",
    "",
    "",
)
_COMMENTS = (
    "Love it 😍",
    'So "good"',
    "Где купить?",
    "@you look!\nsecond line",
    "価格は？",  # noqa: RUF001
    "👏👏",
)
_PEOPLE = ("bob", "ann.lee", "m_ø", "kenji.s", "the.real.ada", "zoe__")


def draw_caption(dice: Dice, *key: Key) -> str:
    """Choose a caption; one in six is empty."""
    return dice.pick(_CAPTIONS, *key, "caption")


def draw_comment(dice: Dice, *key: Key) -> str:
    """Choose the text of a comment."""
    return dice.pick(_COMMENTS, *key, "comment")


def draw_person(dice: Dice, *key: Key) -> str:
    """Choose the user name of another person."""
    return f"{dice.pick(_PEOPLE, *key, 'person')}{dice.between(1, 400, *key, 'person number')}"
