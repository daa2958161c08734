"""What a vault needs of the place where it is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tap_instagram_business.credentials.errors import CredentialsError

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
        message = (
            f"{location} could not be {participle} ({type(error).__name__}): check its name and "
            "your access to it"
        )
        raise CredentialsError(message) from None
