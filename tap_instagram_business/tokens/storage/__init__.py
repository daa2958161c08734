"""Where a vault is kept: a folder on this machine, or a bucket of Google or of Amazon.

Every object is replaced as a whole, and only if it still has the version that was read before.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tap_instagram_business.tokens.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stored(NamedTuple):
    """The content of an object, and the version that the storage gives to this content."""

    content: bytes
    version: str


class Storage(ABC):
    """Objects by name, such as `accounts/17841400000000001.json`; for use from any thread.

    Attributes:
        location: The path or URI of the storage.
    """

    def __init__(self, location: str) -> None:
        self.location = location

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Return the names of the objects in a folder, without the folder and in order.

        Raises:
            CredentialsError: The storage cannot be read.
        """

    @abstractmethod
    def read(self, name: str) -> Stored | None:
        """Return an object; None if it does not exist.

        Raises:
            CredentialsError: The storage cannot be read.
        """

    @abstractmethod
    def write(self, name: str, content: bytes, version: str | None) -> str | None:
        """Write an object if nobody else has changed it.

        Args:
            name: The name of the object.
            content: The new content.
            version: The version to replace; None to create an object that does not exist.

        Returns:
            The new version; None if nothing was written, because the object has another version,
            does not exist, or exists already.

        Raises:
            CredentialsError: The storage cannot be written.
        """

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete an object, whatever its version; nothing happens if it does not exist.

        Raises:
            CredentialsError: The storage cannot be written.
        """


@contextmanager
def readable_errors(location: str, participle: str) -> Iterator[None]:
    """Turn any error of a client into one that says what could not be done, such as `read`."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - each client has errors of its own
        raise CredentialsError(
            f"{location} could not be {participle} ({type(error).__name__}): check its name and "
            "your access to it"
        ) from None


BACKENDS = {
    "file": ("local", "LocalFolder", ""),
    "gs": ("gcs", "GoogleBucket", "gcs"),
    "s3": ("s3", "AmazonBucket", "s3"),
}
"""For each scheme of a URI: the module, its class, and the extra that the module needs."""


def open_storage(location: str) -> Storage:
    """Open the storage at a path, or at a URI such as `gs://bucket/vault`.

    Raises:
        CredentialsError: The URI has an unknown scheme, or a package is not installed.
    """
    scheme, separator, path = location.partition("://")
    scheme = scheme.lower() if separator else "file"
    if scheme not in BACKENDS:
        raise CredentialsError(
            f"{location} cannot be opened: give the path of a folder, or a URI that begins with "
            "gs:// or s3://"
        )
    module, name, extra = BACKENDS[scheme]
    try:
        # The clients of the clouds are extras, and take long to import.
        backend = importlib.import_module(f"{__name__}.{module}")
    except ImportError:
        raise CredentialsError(
            f"A vault on {scheme}:// needs the extra `{extra}`: run pip install "
            f"'tap-instagram-business[{extra}]'"
        ) from None
    storage: Storage = getattr(backend, name)(path if separator else location, location)
    return storage
