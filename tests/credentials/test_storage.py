"""What is written on this machine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.storage import LocalFile

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_write_removes_what_a_killed_writer_of_the_same_file_has_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = LocalFile(str(tmp_path / "vault.json"))
    erased = LocalFile(str(tmp_path / "vault.json.erased"))
    with monkeypatch.context() as killed:
        # The temporary files of two writers that get no further, and cannot tidy up.
        killed.setattr("pathlib.Path.replace", lambda *_: 1 / 0)
        killed.setattr("pathlib.Path.unlink", lambda *_: None)
        for file in (vault, erased):
            with suppress(ZeroDivisionError):
                file.write(b"half")
    assert len([*tmp_path.iterdir()]) == 2

    vault.write(b"whole")

    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[0].startswith(".vault.json.erased.")
    assert left[1:] == ["vault.json"]
    assert vault.read() == b"whole"
