"""Makes the page: one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import vl_convert
from markupsafe import Markup

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from instagram_report.account import Account

HERE = Path(__file__).parent
VEGA_LITE = "6.4"


def page(accounts: Sequence[Account], made_at: dt.datetime) -> str:
    """Return the page as HTML.

    Args:
        accounts: What the page says of each account.
        made_at: When the views were read.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    specs = {
        f"{account.id}-{picture.name}": picture.spec
        for account in accounts
        for picture in account.pictures
        if picture.spec
    }
    return environment.get_template("page.html.jinja").render(
        accounts=accounts,
        made_at=made_at,
        # A script ends at the first `</`, wherever it stands.
        specs=Markup(json.dumps(specs, ensure_ascii=False).replace("<", "\\u003c")),  # noqa: S704
        style=Markup((HERE / "page.css").read_text("utf-8")),  # noqa: S704
        vega=Markup(vega().replace("</script", "<\\/script")),  # noqa: S704
        script=Markup((HERE / "page.js").read_text("utf-8")),  # noqa: S704
    )


def vega() -> str:
    """Return the scripts that draw Vega-Lite specifications, as one script."""
    bundle: str = vl_convert.javascript_bundle(vl_version=VEGA_LITE)
    return bundle
