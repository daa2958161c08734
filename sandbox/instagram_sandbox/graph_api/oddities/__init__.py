"""The oddities of the real Graph API, which a test can order one at a time.

`registry` lists the oddities and tells where each was seen. A `Condition` is the order to show one;
`ApiSettings.conditions` holds those of a server's beginning, and `server.conditions` may be changed
while it runs. `nodes`, `insights`, `retirement`, `lists` and `languages` carry the orders out.
Without an order none of them changes an answer.
"""

from instagram_sandbox.graph_api.oddities.conditions import Condition, Conditions
from instagram_sandbox.graph_api.oddities.registry import ODDITIES, Oddity

__all__ = ["ODDITIES", "Condition", "Conditions", "Oddity"]
