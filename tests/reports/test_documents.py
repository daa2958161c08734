"""What the documents say of reports is complete."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from instagram_report.links import VIEWS, link_of_all, links

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
MODELS = sorted(path.stem for path in (REPORTS / "models" / "instagram").glob("*.sql"))
PACKAGE = ROOT / "packages" / "instagram-report" / "instagram_report"


def described_models() -> dict[str, str]:
    schema = yaml.safe_load((REPORTS / "models" / "instagram" / "schema.yml").read_text("utf-8"))
    return {model["name"]: model["description"] for model in schema["models"]}


def test_every_model_is_described_linked_and_in_the_readme() -> None:
    readme = (REPORTS / "README.md").read_text("utf-8")
    named = re.findall(r"^\| `(instagram_\w+)` \| a", readme, re.MULTILINE)
    assert sorted(named) == sorted(described_models()) == sorted(VIEWS) == MODELS


def test_the_table_of_reports_names_every_card_and_picture() -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    source = (PACKAGE / "account.py").read_text("utf-8")
    cards = source.split("CARDS = {")[1].split("}")[0]
    for title in re.findall(r'"([A-Z][a-z ]+)":', cards):
        assert f"| Cards: {title} |" in page
    for column in set(re.findall(r": \"([a-z_]+)\"", cards)):
        assert f"`instagram_account_weekly.{column}`" in page


@pytest.mark.parametrize("view", VIEWS)
def test_a_link_opens_one_view_of_the_users_project(view: str) -> None:
    link = links("my-project", "my_dataset", "payer")[view]
    given = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert urlsplit(link).hostname == "lookerstudio.google.com"
    assert given["ds.connector"] == "bigQuery"
    assert given["ds.tableId"] == view
    assert (given["ds.projectId"], given["ds.billingProjectId"]) == ("my-project", "payer")
    assert given["ds.datasetId"] == "my_dataset"


def test_one_link_opens_all_views() -> None:
    given = parse_qs(urlsplit(link_of_all("my-project", "my_dataset", "my-project")).query)
    tables = {values[0] for name, values in given.items() if name.endswith(".tableId")}
    assert tables == set(MODELS)


def test_data_studio_is_explained_for_each_source_that_it_uses() -> None:
    guide = (ROOT / "docs" / "data-studio.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!`)[^|]+ \| ([A-Z][a-z ]+) \| ", guide, re.MULTILINE)
    sources = set(rows)
    assert sources <= set(VIEWS.values())
    assert len(sources) >= 8
