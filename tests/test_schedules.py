"""What runs every day: the schedules of meltano.yml, and the files in deploy/ that start them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_instagram_business.settings import checks
from tap_instagram_business.tap import TapInstagramBusiness

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy" / "schedule"
PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text())
SCHEDULES = {schedule["name"]: schedule for schedule in PROJECT["schedules"]}
STORIES = "tap-instagram-stories"
LATEST_END_OF_A_DAY = 8
"""The hour, UTC, at which Meta's day ends in winter."""


def test_each_schedule_runs_a_job() -> None:
    jobs = {job["name"] for job in PROJECT["jobs"]}
    assert {schedule["job"] for schedule in SCHEDULES.values()} <= jobs


def test_the_daily_sync_comes_after_the_day_has_ended() -> None:
    minute, hour, *others = SCHEDULES["daily"]["interval"].split()
    assert int(hour) + int(minute) / 60 > LATEST_END_OF_A_DAY
    assert others == ["*", "*", "*"]


def test_stories_have_an_extractor_of_their_own_with_what_belongs_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extractors = {each["name"]: each for each in PROJECT["plugins"]["extractors"]}
    stories = extractors[STORIES]
    assert stories["inherit_from"] == "tap-instagram-business"
    tap = TapInstagramBusiness(validate_config=False)
    monkeypatch.setenv(checks.SELECTION, json.dumps(stories["select"]))
    assert not [*checks.selection_problems(tap.streams)]
    assert {pattern.split(".")[0] for pattern in stories["select"]} == {
        "stories",
        "story_insights",
        "insight_gaps",
    }


def test_cron_and_timers_and_the_workflow_start_them_at_the_same_times() -> None:
    crontab = (DEPLOY / "crontab").read_text()
    workflow = yaml.safe_load((DEPLOY / "github-actions.yml").read_text())
    crons = [each["cron"] for each in workflow[True]["schedule"]]
    for name, schedule in SCHEDULES.items():
        line = next(line for line in crontab.splitlines() if line.endswith(f"run-quietly {name}"))
        assert " ".join(line.split()[:5]) == schedule["interval"]
        timer = (DEPLOY / f"instagram-{name}.timer").read_text()
        assert f"Unit=instagram@{name}.service" in timer
        minute, hour, *_ = schedule["interval"].split()
        hour = hour.replace("*", "00").zfill(2)
        assert f"OnCalendar=*-*-* {hour}:{minute}:00 UTC" in timer
        assert schedule["interval"] in crons
        assert f"'{schedule['job']}'" in workflow["jobs"]["sync"]["env"]["JOB"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="There is no systemd here.")
@pytest.mark.parametrize(
    "unit",
    [
        "instagram@daily.service",
        "instagram-alert@daily.service",
        "instagram-daily.timer",
        "instagram-stories.timer",
    ],
)
def test_systemd_accepts_the_units(unit: str, tmp_path: Path) -> None:
    program = tmp_path / ".venv" / "bin" / "meltano"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        text = path.read_text().replace("/opt/instagram/.venv", f"{tmp_path}/.venv")
        (tmp_path / path.name).write_text(text)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert verified.returncode == 0, verified.stderr
    assert "instagram" not in verified.stderr


def run_quietly(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder where Meltano's place is taken by a program with an exit code."""
    script = folder / "deploy" / "schedule" / "run-quietly"
    script.parent.mkdir(parents=True)
    shutil.copy(DEPLOY / "run-quietly", script)
    meltano = folder / ".venv" / "bin" / "meltano"
    meltano.parent.mkdir(parents=True)
    meltano.write_text(f'#!/bin/sh\necho "ran $*"\nexit {code}\n')
    meltano.chmod(0o755)
    # As cron starts it: with hardly any environment.
    return subprocess.run(
        [str(script), *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "SHELL": "/bin/sh"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_run_that_works_says_nothing_to_cron(tmp_path: Path) -> None:
    done = run_quietly(tmp_path, "daily")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_run_that_fails_shows_its_log_to_cron(tmp_path: Path) -> None:
    done = run_quietly(tmp_path, "daily", code=1)
    assert done.returncode == 1
    assert done.stdout == "ran --environment=prod schedule run daily\n"


def test_a_doctor_that_finds_something_shows_it_to_cron(tmp_path: Path) -> None:
    done = run_quietly(tmp_path, "doctor", code=1)
    assert done.returncode == 1
    assert re.fullmatch("ran --environment=prod .*tap-instagram-business doctor\n", done.stdout)


def test_cron_is_told_how_to_call_it(tmp_path: Path) -> None:
    assert run_quietly(tmp_path).returncode == 2
