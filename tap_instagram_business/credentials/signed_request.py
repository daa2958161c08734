"""Meta's own calls: a person has removed the app, or asks for his data to be deleted.

Meta for Developers, data deletion request callback: `signed_request` is a signature and a JSON
payload, each in base64url, joined by a dot; the signature is over the payload as it was sent.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from tap_instagram_business.credentials.failure import CredentialsError

ALGORITHM = "HMAC-SHA256"


@dataclass(frozen=True)
class SignedRequest:
    """What a genuine call says: who asks, and when."""

    user_id: str
    issued_at: dt.datetime | None


def verify(body: str, app_secret: str) -> SignedRequest:
    """Read a call, if it is genuine.

    Args:
        body: The request's body, or the value of its field `signed_request` alone.
        app_secret: The secret of the app that was called.

    Raises:
        CredentialsError: it is not.
    """
    field = parse_qs(body.strip()).get("signed_request", [body.strip()])[0]
    signature, _, payload = field.partition(".")
    expected = hmac.new(app_secret.encode(), payload.encode(), hashlib.sha256).digest()
    if not payload or not hmac.compare_digest(_decode(signature), expected):
        message = (
            "This request is not signed with the app's secret: ignore it, or check setting "
            "`app_secret` (each of Meta's two logins has a secret of its own)"
        )
        raise CredentialsError(message)
    try:
        said = json.loads(_decode(payload))
        return _read(said)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        message = "This request is signed, but says nothing that is known: report it as a bug"
        raise CredentialsError(message) from None


def answer(status_url: str, code: str) -> str:
    """Return what Meta expects back: where a person sees how far it is, and a code to ask with."""
    url = status_url.replace("{code}", code)
    return json.dumps({"url": url, "confirmation_code": code})


def _read(said: dict[str, Any]) -> SignedRequest:
    if str(said["algorithm"]).upper() != ALGORITHM:
        raise ValueError
    issued = said.get("issued_at")
    return SignedRequest(
        user_id=str(said["user_id"]),
        issued_at=dt.datetime.fromtimestamp(issued, dt.timezone.utc) if issued else None,
    )


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
