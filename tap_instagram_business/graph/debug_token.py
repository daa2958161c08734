"""What Meta says about a token of the Facebook login (Graph API reference: debug_token)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.bodies import as_list, as_object, whole_number
from tap_instagram_business.graph.calls import SecretCall
from tap_instagram_business.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_instagram_business.graph.client import GraphClient


@dataclass(frozen=True)
class TokenFacts:
    """What Meta says about a token.

    Attributes:
        kind: `user`, `page` or `system user`; '' if Meta does not say.
        user_id: the id of its owner, as this app sees it.
        app_id: the app it was issued to.
        app_name: that app's name.
        expires: when it ends; None if it never ends.
        data_access_expires: when Meta stops answering unless the owner uses the app again; None if
            never.
        scopes: the permissions granted.
        targets: the ids for which each permission was granted; without an entry, for all.
        error: why it is not valid any more; None while it is.
    """

    kind: str = ""
    user_id: str = ""
    app_id: str = ""
    app_name: str = ""
    expires: dt.datetime | None = None
    data_access_expires: dt.datetime | None = None
    scopes: tuple[str, ...] = ()
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    error: GraphError | None = None


def debug_tokens(
    client: GraphClient, tokens: Sequence[str], *, asked_with: str
) -> Iterator[TokenFacts]:
    """Ask Meta about tokens, which may be dead; the answers are in the order of the tokens.

    Args:
        client: the Graph API.
        tokens: the tokens to ask about, all of one app.
        asked_with: a token of the app (`app_id|app_secret`), or one of them while it is valid.

    Raises:
        GraphFailure: Meta does not tell.
    """
    calls = (
        SecretCall("debug_token", params={"input_token": token}, token=asked_with)
        for token in tokens
    )
    for result in client.send_all(calls):
        if result.error:
            raise result.error
        yield _facts(as_object(result.data.get("data")))


def _facts(data: Mapping[str, Any]) -> TokenFacts:
    return TokenFacts(
        kind=str(data.get("type") or "").lower().replace("_", " "),
        user_id=str(data.get("user_id") or ""),
        app_id=str(data.get("app_id") or ""),
        app_name=str(data.get("application") or ""),
        expires=_moment(data.get("expires_at")),
        data_access_expires=_moment(data.get("data_access_expires_at")),
        scopes=tuple(map(str, as_list(data.get("scopes")))),
        targets={
            str(part.get("scope")): tuple(map(str, as_list(part["target_ids"])))
            for part in as_list(data.get("granular_scopes"))
            if isinstance(part, dict) and part.get("target_ids")
        },
        error=None if data.get("is_valid") else _death(data.get("error")),
    )


def _death(error: object) -> GraphError:
    told = as_object(error)
    message = told.get("message") or "the token is not valid"
    return GraphError({"code": 190, "error_subcode": told.get("subcode"), "message": message})


def _moment(seconds: object) -> dt.datetime | None:
    try:
        number = whole_number(seconds)
        return dt.datetime.fromtimestamp(number, dt.timezone.utc) if number > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
