"""Counts the Python files and lines of code of each folder, and names the longest file.

A line of code holds at least one token that is neither a comment nor part of a docstring. So
comments, docstrings (also those of attributes) and blank lines do not count, and each line of a
string that is no docstring does.

    python benchmarks/lines_of_code.py             the files of the working directory
    python benchmarks/lines_of_code.py COMMIT…     those of commits
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "tap_instagram_business"
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
"""The kinds of tokens that do not make a line of code."""


def lines_of_code(source: str) -> int:
    """Return the number of lines of code of a Python file."""
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            found.update(range(token.start[0], token.end[0] + 1))
    return len(found - docstring_lines(source))


def docstring_lines(source: str) -> set[int]:
    """Return the numbers of the lines of statements that are only a string."""
    return {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def folder_of(path: str) -> str:
    """Return the folder under which a file counts: a package, or a folder of the tap."""
    parts = path.split("/")[:-1]
    return "/".join(parts[:2] if parts[:1] in ([PACKAGE], ["packages"]) else parts[:1]) or "."


def git(*arguments: str) -> str:
    """Return what a Git command prints."""
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def sources(commit: str) -> dict[str, str]:
    """Return the Python files of a commit, or ('') of the working directory, by path."""
    in_commit = ("ls-tree", "-r", "--name-only", commit)
    listed = git(*(in_commit if commit else ("ls-files", "-co", "--exclude-standard")))
    paths = [path for path in listed.splitlines() if path.endswith(".py")]
    if commit:
        return {path: git("show", f"{commit}:{path}") for path in paths}
    return {path: (ROOT / path).read_text("utf-8") for path in paths if (ROOT / path).is_file()}


def report(commit: str) -> list[str]:
    """Return the lines of a table in Markdown, and the longest file of the package."""
    found = sources(commit)
    counts = {path: lines_of_code(source) for path, source in found.items()}
    lengths = {path: len(found[path].splitlines()) for path in found if path.startswith(PACKAGE)}
    longest = max(lengths, key=lambda path: lengths[path])
    folders: dict[str, list[int]] = defaultdict(list)
    for path, count in counts.items():
        folders[folder_of(path)].append(count)
        if path.startswith(f"{PACKAGE}/"):
            folders[f"{PACKAGE}, all"].append(count)
    return [
        f"### {commit or 'working directory'}",
        "",
        "| folder | files | lines of code |",
        "|---|---:|---:|",
        *(
            f"| {folder} | {len(files)} | {sum(files):,} |"
            for folder, files in sorted(folders.items())
        ),
        "",
        f"The longest file is {longest}: {lengths[longest]} lines, {counts[longest]} of code.",
        "",
    ]


if __name__ == "__main__":
    for each in sys.argv[1:] or [""]:
        print("\n".join(report(each)))
