"""A Meltano project that a user makes in an empty folder, as docs/targets.md says."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from tests.meltano_project import ROOT, MeltanoProject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.local_sandbox import LocalSandbox
    from tests.targets.readings import Tables

TAP = "tap-instagram-business"
DOCUMENT = (ROOT / "docs" / "targets.md").read_text("utf-8")
DAY = dt.timedelta(days=1)
PATIENCE = 900


def blocks(title: str) -> list[str]:
    """Return the code blocks of the document that follow a comment with this title."""
    found = re.findall(
        rf"^<!-- {title} -->\n```\w*\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE
    )
    assert found, f"docs/targets.md has no block `{title}`"
    return found


@dataclass(frozen=True)
class UserProject:
    """The project, the sandbox that it reads, and what its commands have around them."""

    directory: Path
    sandbox: LocalSandbox
    target: str
    environment: Mapping[str, str]

    @classmethod
    def make(
        cls,
        empty: Path,
        document_block: str,
        *,
        packages: Mapping[str, Path],
        sandbox: LocalSandbox,
        environment: Mapping[str, str],
    ) -> UserProject:
        """Follow the recipe up to its installation.

        Args:
            empty: an empty folder.
            document_block: the name of the block in the document that defines the target.
            packages: the files that are installed in place of packages of the index.
            sandbox: what the tap reads in place of Meta.
            environment: what the user would put into `.env`.
        """
        (definition,) = blocks(f"target: {document_block}")
        (extractor,) = blocks("recipe: meltano.yml")
        target = definition.split("name:")[1].split()[0]
        init, install = blocks("recipe: commands")
        project = cls(empty / "instagram", sandbox, target, environment)
        project._run(init, empty)
        api_url = f"    - name: api_url\n      value: {sandbox.graph_url}\n"
        added = extractor.replace("    - name: start_date\n", f"{api_url}    - name: start_date\n")
        assert api_url in added
        added += definition
        for name, path in packages.items():
            added = re.sub(rf"(pip_url: ){name}(?=\s)", rf"\g<1>{path}", added)
        with (project.directory / "meltano.yml").open("a") as file:
            file.write(added)
        (overrides,) = blocks("overrides")
        (project.directory / "overrides.txt").write_text(overrides)
        before_run, run, _ = install.partition("meltano run")
        assert run
        project._run(before_run.replace("your-token", "sandbox-token"))
        return project

    def sync(self) -> str:
        """Run the pipeline with the last command of the recipe, and return its log."""
        (command,) = re.findall(r"^meltano run .*$", blocks("recipe: commands")[1], re.MULTILINE)
        return self._run(command.replace("target-jsonl", self.target))

    def sync_again_a_day_later(self) -> str:
        """Advance the clock of the sandbox by a day, and run the pipeline once more."""
        order = {"advance_seconds": DAY.total_seconds()}
        answer = requests.post(f"{self.sandbox.graph_url}/_sandbox/clock", json=order, timeout=10)
        answer.raise_for_status()
        return self.sync()

    def read(self, script: str, *arguments: str) -> Tables:
        """Let a script, run by the Python of the target, print the rows of each table as JSON."""
        python = self.directory / ".meltano" / "loaders" / self.target / "venv" / "bin" / "python"
        result = subprocess.run(
            [python, "-c", script, *arguments],
            cwd=self.directory,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert result.returncode == 0, result.stderr
        tables: Tables = json.loads(result.stdout)
        return tables

    def _run(self, commands: str, directory: Path | None = None) -> str:
        result = subprocess.run(
            ["sh", "-e", "-c", commands],
            cwd=directory or self.directory,
            env=MeltanoProject(self.directory, self.sandbox).environment(**self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stderr
