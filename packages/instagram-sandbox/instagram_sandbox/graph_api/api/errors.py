"""The errors of the Graph API, with Meta's codes and messages.

Graph API: error handling, and the error codes of the Instagram Platform. Most errors have the HTTP
status 400, those of rate limits too, and nearly all have the `type` OAuthException. Each function
returns one error; its docstring begins with the code and the subcode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class GraphError(Exception):
    """A call cannot be carried out; the API answers with an error object.

    Args:
        code: Meta's `code`.
        message: Meta's `message`.
        subcode: Meta's `error_subcode`, or None.
        status: The HTTP status.
        kind: Meta's `type`.
        **details: Further keys of the error object.
    """

    def __init__(
        self,
        code: int,
        message: str,
        subcode: int | None = None,
        *,
        status: int = 400,
        kind: str = "OAuthException",
        **details: Any,  # noqa: ANN401 - parts of a JSON object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.subcode = subcode
        self._rest = {"error_subcode": subcode} if subcode is not None else {}
        self._kind, self._details = kind, details

    def in_language(self, translate: Callable[[str], str]) -> GraphError:
        """Return the error with its texts translated; code and subcode stay the same."""
        texts = {
            name: translate(text) if name in _TEXTS else text
            for name, text in self._details.items()
        }
        return GraphError(
            self.code,
            translate(self.message),
            self.subcode,
            status=self.status,
            kind=self._kind,
            **texts,
        )

    def body(self, trace: str, *, instagram_login: bool) -> dict[str, Any]:
        """Return the body of the answer.

        Args:
            trace: Meta's `fbtrace_id`.
            instagram_login: Whether graph.instagram.com answers, which has another `type`.
        """
        own = instagram_login and self.code == 100
        kind = "IGApiException" if own else self._kind
        error = {"message": self.message, "type": kind, "code": self.code}
        return {"error": {**error, **self._rest, **self._details, "fbtrace_id": trace}}


_TEXTS = frozenset({"error_user_title", "error_user_msg"})
"""The keys of an error object, besides `message`, that people read."""


def missing_token() -> GraphError:
    """2500: The call has no token."""
    message = "An active access token must be used to query information about the current user."
    return GraphError(2500, message)


def unknown_token() -> GraphError:
    """190: The API does not know the token."""
    message = "Invalid OAuth access token - Cannot parse access token"
    return GraphError(190, message, status=401)


def invalidated_token(subcode: int) -> GraphError:
    """190: The token was invalidated before its expiry; the subcode tells the reason."""
    reason = _REASONS.get(subcode, "The session is invalid.")
    return GraphError(190, f"Error validating access token: {reason}", subcode, status=401)


_REASONS = {
    458: "The user has not authorized application.",
    460: "The session has been invalidated because the user changed their password or Facebook "
    "has changed the session for security reasons.",
    463: "Session has expired.",
    492: "The user must be an administrator, editor, or moderator of the page.",
}


def expired_token(when: str, now: str) -> GraphError:
    """190/463: The token has expired."""
    message = (
        f"Error validating access token: Session has expired on {when}. The current time is {now}."
    )
    return GraphError(190, message, 463, status=401)


def no_permission() -> GraphError:
    """10: The token lacks a permission, or its owner lacks a role."""
    return GraphError(10, "(#10) Application does not have permission for this action")


def no_business_permission() -> GraphError:
    """200: The token lacks the permission business_management."""
    message = "(#200) Requires business_management permission to manage the object."
    return GraphError(200, message, status=403)


def not_enough_viewers() -> GraphError:
    """10, with another message: Fewer than five people saw the story."""
    return GraphError(10, "(#10) Not enough viewers for the media to show insights")


def no_such_object(identifier: str, method: str = "get") -> GraphError:
    """100/33: The object does not exist, or the token may not read it."""
    message = (
        f"Unsupported {method} request. Object with ID '{identifier}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        "Graph API documentation at https://developers.facebook.com/docs/graph-api"
    )
    return GraphError(100, message, 33, kind="GraphMethodException")


def closed_feature() -> GraphError:
    """3: The feature is closed to apps that did not use it before November 2026.

    Multi-ID requests (`ids`) and field aliases (`.as()`). Which code Meta gives is not recorded.
    """
    message = "(#3) Application does not have the capability to make this API call."
    return GraphError(3, message)


def unknown_alias(name: str) -> GraphError:
    """803: A name in the path is unknown."""
    message = f"(#803) Some of the aliases you requested do not exist: {name}"
    return GraphError(803, message, status=404)


def unavailable_user() -> GraphError:
    """9009: The Instagram user is not available."""
    return GraphError(9009, "(#9009) The Instagram user is not available")


def broken_video() -> GraphError:
    """9005: The copyright check of an old video is requested."""
    return GraphError(9005, "(#9005) Video content was not found")


def before_conversion(*, instagram_login: bool) -> GraphError:
    """100/2108006: The media was published before the account became a professional account.

    With the Instagram login the text is in `message`, with the Facebook login in `error_user_msg`.
    """
    text = (
        "The media was posted before the most recent time that the user's account was converted "
        "to a business account from a personal account."
    )
    if instagram_login:
        return GraphError(100, text, 2108006, is_transient=False)
    return GraphError(
        100,
        "Invalid parameter",
        2108006,
        error_data={"blame_field_specs": [[""]]},
        is_transient=False,
        error_user_title="Media posted before business account conversion",
        error_user_msg=text,
    )


def unsupported_metrics(names: Iterable[str]) -> GraphError:
    """100: This kind of media does not have some of the insights; the whole request fails."""
    metrics = ", ".join(names)
    message = (
        f"(#100) The Media Insights API does not support the {metrics} metric for this media "
        "product type."
    )
    return GraphError(100, message)


def not_one_of(allowed: Iterable[str], parameter: str) -> GraphError:
    """100: The value of a parameter is not in the list of allowed values."""
    return GraphError(
        100, f"(#100) {parameter} must be one of the following values: {', '.join(allowed)}"
    )


def invalid_parameter(message: str) -> GraphError:
    """100: A parameter is wrong in another way."""
    return GraphError(100, f"(#100) {message}")


def unknown_field(field: str, node: str) -> GraphError:
    """100: The node does not have this field."""
    return invalid_parameter(f"Tried accessing nonexisting field ({field}) on node type ({node})")


def syntax_error(message: str) -> GraphError:
    """2500: A path or a list of fields cannot be read."""
    return GraphError(2500, message)


def too_much_data() -> GraphError:
    """1: The answer would be too large."""
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return GraphError(1, message, status=500)


_TOO_MANY_CALLS = {
    4: "(#4) Application request limit reached",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    341: "(#341) Application limit reached",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80002: (
        "(#80002) There have been too many calls to this Instagram account. Wait a bit and try "
        "again. For more info, please refer to https://developers.facebook.com/docs/graph-api/"
        "overview/rate-limiting."
    ),
}
"""Messages of the errors for too many calls, by code."""


def too_many_calls(code: int) -> GraphError:
    """4, 17, 32, 341, 613 or 80002: There were too many calls."""
    return GraphError(code, _TOO_MANY_CALLS[code])
