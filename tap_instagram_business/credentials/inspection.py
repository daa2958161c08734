"""What tokens are, as far as the app may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_instagram_business.graph.costs import Costs
from tap_instagram_business.graph.debug_token import TokenFacts, debug_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_instagram_business.credentials.oauth import App
    from tap_instagram_business.graph.session import GraphSession


def inspect(session: GraphSession, app: App, tokens: Sequence[str]) -> Iterator[TokenFacts]:
    """Ask what tokens are; nothing is known where the app or the login cannot ask.

    Raises:
        GraphFailure: Meta does not tell.
    """
    if app.login == "facebook" and app.known:
        yield from debug_tokens(session, tokens, asked_with=app.token, costs=Costs())
    else:
        yield from (TokenFacts() for _ in tokens)
