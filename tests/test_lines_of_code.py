"""Lines of code are counted without comments, docstrings and blank lines."""

from benchmarks.lines_of_code import lines_of_code

SOURCE = """\'\'\'A module.

Two paragraphs.
\'\'\'

import os  # the first line of code

# a comment
LIMIT = 3
\'\'\'What an attribute is.\'\'\'
TEXT = \'\'\'
a string is code # also this

\'\'\'


def double(value):
    \'\'\'Return it twice.\'\'\'
    return (
        value,  # twice

        value,
    )
"""


def test_comments_docstrings_and_blank_lines_do_not_count() -> None:
    assert lines_of_code(SOURCE) == len(("import", "LIMIT")) + 4 + len(("def",)) + 4


def test_an_empty_file_has_no_line() -> None:
    assert lines_of_code("") == lines_of_code("# only a comment\n") == 0
