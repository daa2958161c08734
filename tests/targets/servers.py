"""What targets load into: a PostgreSQL server, and an object storage with Amazon's interface."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from tests.ending import killed_with_this_process
from tests.local_sandbox import free_port
from tests.targets.packages import install

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS_TO_START = 60
DEBIAN_SERVERS = Path("/usr/lib/postgresql")
DEBIAN_USER = "postgres"
BUCKET = "instagram-rows"
CREATE_BUCKET = """
import boto3, sys

boto3.client(
    "s3", endpoint_url=sys.argv[1], region_name="eu-central-1",
    aws_access_key_id="x", aws_secret_access_key="x",
).create_bucket(
    Bucket=sys.argv[2], CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
)
"""
SUPERUSER = 0


@contextmanager
def postgres_server() -> Iterator[int]:
    """Start a new PostgreSQL server, and yield its port. The user `instagram` needs no password.

    For root it runs as the user `postgres`, whom Debian's package makes: it refuses to run as root.
    """
    programs = _postgres_programs()
    user = DEBIAN_USER if os.geteuid() == SUPERUSER else None
    # Not in pytest's folder, into which only its own user may look.
    directory, port = Path(mkdtemp(prefix="postgres-")), free_port()
    if user:
        account = pwd.getpwnam(user)
        os.chown(directory, account.pw_uid, account.pw_gid)
    data = str(directory / "data")
    initdb = [str(programs / "initdb"), "-D", data, "-U", "instagram", "-A", "trust", "-E", "UTF8"]
    subprocess.run(initdb, cwd=directory, user=user, check=True, stdout=subprocess.DEVNULL)
    command = [str(programs / "postgres"), "-D", data, "-p", str(port), "-k", ""]
    with running([*command, "-c", "fsync=off"], port, directory, user):
        yield port
    shutil.rmtree(directory)


def run_sql(port: int, sql: str, database: str = "postgres") -> str:
    """Run a statement in such a server, and return what `psql` prints."""
    command = [str(_postgres_programs() / "psql"), "--host=127.0.0.1", f"--port={port}"]
    given = ["--username=instagram", f"--dbname={database}", f"--command={sql}"]
    options = ["--no-psqlrc", "--quiet", "--tuples-only", "--set=ON_ERROR_STOP=1"]
    done = subprocess.run([*command, *given, *options], check=True, capture_output=True, text=True)
    return done.stdout


def _postgres_programs() -> Path:
    on_path = shutil.which("initdb")
    found = [*DEBIAN_SERVERS.glob("*/bin/initdb"), *([Path(on_path)] if on_path else [])]
    if not found:
        pytest.skip(
            "There is no PostgreSQL server on this machine. Install one, for example with "
            "`apt-get install postgresql`; it need not run."
        )
    return found[0].resolve().parent


@contextmanager
def object_storage(directory: Path) -> Iterator[str]:
    """Start a server that imitates Amazon S3, with an empty bucket, and yield its address."""
    programs, port = install(directory, "moto[server]==5.2.5"), free_port()
    address = f"http://127.0.0.1:{port}"
    command = [str(programs / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with running(command, port, directory):
        create = [str(programs / "python"), "-c", CREATE_BUCKET, address, BUCKET]
        subprocess.run(create, check=True)
        yield address


@contextmanager
def running(
    command: Sequence[str], port: int, directory: Path, user: str | None = None
) -> Iterator[None]:
    """Run a server until the end of the context, which begins when the server answers."""
    log = directory / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=directory, user=user, stdout=output, stderr=output) as server,
        killed_with_this_process(server.pid),
    ):
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not _answers(port):
                has_ended = server.poll() is not None or time.monotonic() > deadline
                assert not has_ended, log.read_text()
                time.sleep(0.1)
            yield
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
