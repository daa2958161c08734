"""Where a vault is kept: a folder on this machine, or a bucket of Google or of Amazon.

Every object is replaced as a whole, and only if it still has the version that was read before.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tap_instagram_business.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from tap_instagram_business.credentials.storage.base import Storage

LOCAL_SCHEME = "file"
BACKENDS = {
    LOCAL_SCHEME: ("local", "LocalFolder", ""),
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
    scheme = scheme.lower() if separator else LOCAL_SCHEME
    if scheme not in BACKENDS:
        message = (
            f"{location} cannot be opened: give the path of a folder, or a URI that begins with "
            "gs:// or s3://"
        )
        raise CredentialsError(message)
    module, name, extra = BACKENDS[scheme]
    try:
        # The clients of the clouds are extras, and take long to import.
        backend = importlib.import_module(f"{__name__}.{module}")
    except ImportError:
        message = (
            f"A vault on {scheme}:// needs the extra `{extra}`: run pip install "
            f"'tap-instagram-business[{extra}]'"
        )
        raise CredentialsError(message) from None
    storage: Storage = getattr(backend, name)(path if separator else location, location)
    return storage
