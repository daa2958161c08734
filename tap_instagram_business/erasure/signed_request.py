"""Meta's requests to an app: a person has removed the app, or wants their data to be deleted.

Meta for Developers, data deletion request callback: the parameter `signed_request` is a signature
and a JSON payload, each in base64url, separated by a dot. The signature is an HMAC-SHA256 over the
encoded payload, and its key is the app's secret.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from typing import Annotated
from urllib.parse import parse_qs

import msgspec

from tap_instagram_business.tokens.encryption import decode_base64url
from tap_instagram_business.tokens.errors import CredentialsError

MAX_CLOCK_DIFFERENCE = dt.timedelta(minutes=10)
"""How far Meta's clock may be ahead of this machine's."""


class SignedRequest(msgspec.Struct, frozen=True):
    """The payload of a request that Meta has signed.

    Attributes:
        user_id: Meta's id, within the app, of the person.
        algorithm: The algorithm of the signature.
        issued_at: The time of the request, which Meta gives as a Unix time; None if it is not said.
    """

    user_id: str | int
    algorithm: Annotated[str, msgspec.Meta(pattern="^(?i:HMAC-SHA256)$")]
    issued_at: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None


def verify(body: str, app_secret: str, *, max_age: dt.timedelta | None) -> SignedRequest:
    """Check the signature and the age of a request, and return the request.

    Whoever has seen a request once, in a log for example, could send it again much later.

    Args:
        body: The body of the request, or the value of its parameter `signed_request` alone.
        app_secret: The secret of the app that received the request.
        max_age: The time for which a signature is accepted; None for any time.

    Raises:
        CredentialsError: The signature is wrong or too old, or the payload cannot be understood.
    """
    field = parse_qs(body.strip()).get("signed_request", [body.strip()])[0]
    signature, _, payload = field.partition(".")
    expected = hmac.new(app_secret.encode(), payload.encode(), hashlib.sha256).digest()
    if not payload or not hmac.compare_digest(decode_base64url(signature) or b"", expected):
        raise CredentialsError(
            "This request is not signed with the app's secret: ignore it, or check setting "
            "`app_secret` (each of Meta's two logins has a secret of its own)"
        )
    try:
        content = decode_base64url(payload) or b""
        request = msgspec.json.decode(content, type=SignedRequest, strict=False)
    except (ValueError, RecursionError):
        raise CredentialsError(
            "This request has the right signature, but its content is not understood: report this "
            "as a bug"
        ) from None
    if max_age is not None:
        _check_age(request, max_age)
    return request


def _check_age(request: SignedRequest, max_age: dt.timedelta) -> None:
    """Check that a request was signed lately.

    Raises:
        CredentialsError: It was not, or it does not say when it was signed.
    """
    now, signed = dt.datetime.now(dt.timezone.utc), request.issued_at
    if signed is None or not now - max_age <= signed <= now + MAX_CLOCK_DIFFERENCE:
        raise CredentialsError(
            f"This request was signed at {signed or 'an unknown time'}, and only requests of the "
            f"last {max_age.total_seconds() / 3600:g} hours are accepted, because it may be a copy "
            "of an old one: setting `signed_request_max_age_hours` changes the limit"
        )


def deletion_response(status_url: str, code: str) -> str:
    """Return the JSON response that Meta expects to a data deletion request.

    Args:
        status_url: The address of a page on which the person can see the status of the deletion;
            `{code}` in it is replaced by the code.
        code: The confirmation code.
    """
    url = status_url.replace("{code}", code)
    return json.dumps({"url": url, "confirmation_code": code})
