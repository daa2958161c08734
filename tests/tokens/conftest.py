from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import boto3
import pytest

from tap_instagram_business.tokens.encryption import KEY_VARIABLE, KeyRing, generate_key
from tap_instagram_business.tokens.vault import Vault
from tests.tokens.buckets import BUCKETS, gs_server, s3_server
from tests.tokens.records import new_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tap_instagram_business.tokens.vault import Record

AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test-secret-access-key",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key in the environment of this process and of the processes that it starts."""
    key = generate_key()
    monkeypatch.setenv(KEY_VARIABLE, key)
    return key


@pytest.fixture
def keys(key: str) -> KeyRing:
    return KeyRing.parse(key, source="the test")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(str(tmp_path / "vault"))


@pytest.fixture(scope="session")
def _gs() -> Iterator[str]:
    with gs_server() as address:
        yield address


@pytest.fixture(scope="session")
def _s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def location_of(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], str]:
    """Returns the location of a new folder in each kind of storage."""

    def new(scheme: str) -> str:
        if scheme == "gs":
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", request.getfixturevalue("_gs"))
        if scheme == "s3":
            for name, value in AWS.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", request.getfixturevalue("_s3"))
            for bucket in BUCKETS:
                boto3.client("s3").create_bucket(Bucket=bucket)
        return str(tmp_path / "vault") if scheme == "local" else f"{scheme}://bucket{tmp_path}"

    return new


@pytest.fixture(params=["local", "gs", "s3"])
def any_location(request: pytest.FixtureRequest, location_of: Callable[[str], str]) -> str:
    return location_of(request.param)


@pytest.fixture
def any_vault(any_location: str) -> Vault:
    return Vault(any_location)


@pytest.fixture
def record() -> Record:
    return new_record("17841400000000001", "EAAcanary-vault-0123456789")


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
