"""Links that open a new report in Data Studio, with a view as its source.

Data Studio has no API that makes charts; its Linking API makes a report with data sources. The
parameters are those of https://developers.google.com/looker-studio/integrate/linking-api.
"""

from __future__ import annotations

from urllib.parse import urlencode

ADDRESS = "https://lookerstudio.google.com/reporting/create"
VIEWS = {
    "instagram_account_daily": "Accounts by day",
    "instagram_account_weekly": "Accounts by week",
    "instagram_follower_growth": "Follower growth",
    "instagram_posts": "Posts",
    "instagram_post_daily": "Posts by day",
    "instagram_post_hourly": "Posts in their first days",
    "instagram_content_weekly": "Content by week",
    "instagram_best_time": "Best time",
    "instagram_stories": "Stories",
    "instagram_audience": "Audience",
    "instagram_hashtags": "Hashtags",
    "instagram_sync_health": "Freshness",
    "instagram_accounts": "Accounts",
    "instagram_social_rollup": "Social rollup",
}
"""The views by name, with what Data Studio shall call them."""


def links(project: str, dataset: str, billing_project: str) -> dict[str, str]:
    """Return the link of each view, by its name.

    Args:
        project: The Google Cloud project of the dataset.
        dataset: The dataset of the views.
        billing_project: The project that pays for the queries of the report.
    """
    return {view: _link([view], project, dataset, billing_project) for view in VIEWS}


def link_of_all(project: str, dataset: str, billing_project: str) -> str:
    """Return one link that opens a report with all views as its sources."""
    return _link(list(VIEWS), project, dataset, billing_project)


def _link(views: list[str], project: str, dataset: str, billing_project: str) -> str:
    parameters = {"c.mode": "edit", "r.reportName": "Instagram"}
    for view in views:
        # A report with one source needs no alias.
        source = "ds" if len(views) == 1 else f"ds.{view}"
        parameters |= {
            f"{source}.connector": "bigQuery",
            f"{source}.datasourceName": VIEWS[view],
            f"{source}.type": "TABLE",
            f"{source}.projectId": project,
            f"{source}.datasetId": dataset,
            f"{source}.tableId": view,
            f"{source}.billingProjectId": billing_project,
        }
    return f"{ADDRESS}?{urlencode(parameters)}"
