"""A folder in a bucket of Google Cloud Storage."""

from __future__ import annotations

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage
from typing_extensions import override

from tap_instagram_business.tokens.storage import Storage, Stored, readable_errors


class GoogleBucket(Storage):
    """The version of an object is its generation."""

    def __init__(self, path: str, location: str) -> None:
        super().__init__(location)
        bucket, _, folder = path.strip("/").partition("/")
        self._prefix = f"{folder}/" if folder else ""
        with readable_errors(location, "opened"):
            self._client = storage.Client()
            self._bucket = self._client.bucket(bucket)

    @override
    def names(self, folder: str) -> list[str]:
        prefix = f"{self._prefix}{folder}/"
        with readable_errors(self.location, "listed"):
            listed = self._client.list_blobs(
                self._bucket, prefix=prefix, delimiter="/", fields="items(name),nextPageToken"
            )
            return sorted(blob.name.removeprefix(prefix) for blob in listed)

    @override
    def read(self, name: str) -> Stored | None:
        with readable_errors(self.location, "read"):
            blob = self._bucket.blob(self._prefix + name)
            try:
                # The generation comes with the content, in the same response.
                content: bytes = blob.download_as_bytes()
            except NotFound:
                return None
            return Stored(content, str(blob.generation))

    @override
    def write(self, name: str, content: bytes, version: str | None) -> str | None:
        with readable_errors(self.location, "written"):
            blob = self._bucket.blob(self._prefix + name)
            try:
                blob.upload_from_string(
                    content,
                    content_type="application/json",
                    # An object that does not exist has generation 0.
                    if_generation_match=int(version or 0),
                )
            except PreconditionFailed:
                return None
            return str(blob.generation)

    @override
    def delete(self, name: str) -> None:
        with readable_errors(self.location, "changed"):
            try:
                self._bucket.blob(self._prefix + name).delete()
            except NotFound:
                return
