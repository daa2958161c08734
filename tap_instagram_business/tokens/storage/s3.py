"""A folder in a bucket of Amazon S3, or of a store with the same API and conditional writes."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from typing_extensions import override

from tap_instagram_business.tokens.storage import Storage, Stored, readable_errors

CONNECTIONS = 16
NOT_THERE = "NoSuchKey"
OTHER_VERSION = frozenset({NOT_THERE, "PreconditionFailed", "ConditionalRequestConflict"})
"""The errors that S3 answers a conditional write with, if the condition does not hold."""


class AmazonBucket(Storage):
    """The version of an object is its ETag."""

    def __init__(self, path: str, location: str) -> None:
        super().__init__(location)
        self._bucket, _, folder = path.strip("/").partition("/")
        self._prefix = f"{folder}/" if folder else ""
        with readable_errors(location, "opened"):
            self._client = boto3.client("s3", config=Config(max_pool_connections=CONNECTIONS))

    @override
    def names(self, folder: str) -> list[str]:
        prefix = f"{self._prefix}{folder}/"
        with readable_errors(self.location, "listed"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            listed = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return sorted(name.removeprefix(prefix) for name in listed)

    @override
    def read(self, name: str) -> Stored | None:
        with readable_errors(self.location, "read"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            except ClientError as error:
                if _code(error) == NOT_THERE:
                    return None
                raise
            return Stored(found["Body"].read(), found["ETag"])

    @override
    def write(self, name: str, content: bytes, version: str | None) -> str | None:
        condition: Any = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        with readable_errors(self.location, "written"):
            try:
                written = self._client.put_object(
                    Bucket=self._bucket, Key=self._prefix + name, Body=content, **condition
                )
            except ClientError as error:
                if _code(error) in OTHER_VERSION:
                    return None
                raise
            return str(written["ETag"])

    @override
    def delete(self, name: str) -> None:
        with readable_errors(self.location, "changed"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
