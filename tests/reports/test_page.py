"""The page in a real browser: it shows what the views say, and asks for nothing outside."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.reports.browser import Browser, chromium
from tests.reports.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reports.conftest import Tables
    from tests.reports.warehouse import LocalBigQuery, Row, Views

pytestmark = [pytest.mark.e2e, pytest.mark.soak]

HTML_NAME = "<img src=x onerror=alert(1)>"
HTML_CAPTION = "</script><script>alert('caption')</script> مرحبا 👩‍👩‍👧‍👦 {{ 7 * 7 }}"
MANY = 40
NEW = 2
TODAY = NOW.date()
PICTURES = 10
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="session")
def page(views: Views, tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    path = tmp_path_factory.mktemp("page") / "report.html"
    views.page(path)
    return path


def text_of(browser: Browser, selector: str) -> list[str]:
    script = f"[...document.querySelectorAll({selector!r})].map((e) => e.innerText.trim())"
    found: list[str] = browser.evaluate(script)
    return found


def assert_quiet(browser: Browser) -> None:
    assert not browser.errors
    assert not browser.requests


def count(value: Any) -> str:
    return "–" if value is None else f"{value:,.0f}"  # noqa: RUF001 - the page's sign for NULL


def test_the_page_shows_the_numbers_of_the_views(
    browser: Browser, page: Path, views: Views
) -> None:
    browser.open(page)

    assert_quiet(browser)
    assert page.stat().st_size < 3_000_000
    columns = ("followers", "reach", "views", "total_interactions", "profile_views", "posts")
    for account in views.rows("accounts"):
        browser.choose(account["account_id"])
        weeks = [
            week
            for week in views.rows("account_weekly")
            if week["account_id"] == account["account_id"] and week["is_whole"]
        ]
        last = max(weeks, key=lambda week: week["week"])
        section = f"#account-{account['account_id']}"
        assert text_of(browser, f"{section} .value") == [count(last[name]) for name in columns]
        assert text_of(browser, f"{section} h2 bdi")[0] == f"@{account['username']}"
    assert_quiet(browser)


@pytest.mark.long
def test_the_newest_followers_and_best_post_are_those_of_the_views(
    browser: Browser, page: Path, views: Views
) -> None:
    browser.open(page)
    first = max(views.rows("accounts"), key=lambda row: row["followers"])
    section = f"#account-{first['account_id']}"
    posts = [row for row in views.rows("posts") if row["account_id"] == first["account_id"]]
    best = max(posts, key=lambda row: row["views"] or 0)

    (summary,) = text_of(browser, f"{section} [data-picture=followers] .summary")
    top = text_of(browser, f"{section} tbody tr:first-child td")
    assert f"{first['followers']:,} on " in summary
    assert top[3] == count(best["views"])
    assert top[4] == f"{best['views_vs_usual']:.1f}×"  # noqa: RUF001 - as the page writes it


@pytest.mark.long
def test_all_pictures_are_drawn_on_a_narrow_screen_too(browser: Browser, page: Path) -> None:
    browser.open(page, width=380)

    assert_quiet(browser)
    drawn = "section:not([hidden]) .chart svg"
    assert browser.evaluate(f"document.querySelectorAll('{drawn}').length") == PICTURES
    assert browser.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.long
def test_a_page_of_odd_accounts(
    browser: Browser, bigquery: LocalBigQuery, tables: Tables, tmp_path: Path
) -> None:
    from tests.reports.warehouse import Views  # noqa: PLC0415 - needs the client of BigQuery

    bigquery.load("odd", odd_accounts(tables))
    path = tmp_path / "odd.html"
    Views.build(bigquery, "odd").page(path)

    browser.open(path)
    accounts = browser.evaluate("[...document.getElementById('account').options].map(o => o.value)")
    assert len(accounts) == MANY
    for account in accounts:
        browser.choose(account)
    assert_quiet(browser)
    assert HTML_NAME in browser.evaluate("document.getElementById('account').innerText")
    assert not browser.evaluate("document.querySelectorAll('img').length")
    captions = browser.evaluate("[...document.querySelectorAll('.post')].map(e => e.textContent)")
    assert any(HTML_CAPTION in caption for caption in captions)


def drawn(browser: Browser, selector: str, text: str) -> list[tuple[str, float]]:
    """The text of each element, which a script reads from `e`, and where its middle is."""
    script = f"""[...document.querySelectorAll({selector!r})].map((e) => {{
        const box = e.getBoundingClientRect();
        return [{text}, box.x + box.width / 2];
    }})"""
    return [(name, middle) for name, middle in browser.evaluate(script)]


@pytest.mark.parametrize(
    "timezone", ["America/Los_Angeles", "America/Sao_Paulo", "Europe/London", "Asia/Tokyo"]
)
def test_each_day_is_drawn_on_its_day_in_every_time_zone(
    timezone: str, page: Path, views: Views, tmp_path: Path
) -> None:
    account = max(views.rows("accounts"), key=lambda row: row["followers"])["account_id"]
    chart = f"[data-chart='{account}-follows']"
    with Browser(tmp_path, timezone=timezone) as browser:
        browser.open(page)
        bars = drawn(browser, f"{chart} .mark-rect [aria-label]", "e.getAttribute('aria-label')")
        ticks = dict(drawn(browser, f"{chart} .role-axis-label text", "e.textContent"))

    tips = [dict(part.split(": ") for part in label.split("; ")) for label, _ in bars]
    assert {(tip["Day"], tip["Accounts"]) for tip in tips} == {
        (f"{row['date']:%A, %d %B %Y}", count(number).replace("-", MINUS))
        for row in views.rows("account_daily")
        if row["account_id"] == account and row["follows"] is not None
        for number in (row["follows"], -row["unfollows"])
    }
    middles = {tip["date"]: middle for tip, (_, middle) in zip(tips, bars, strict=True)}
    # The labels at both ends are moved into the picture.
    inner = [day for day in ticks if day in middles][1:-1]
    assert inner
    assert [ticks[day] for day in inner] == pytest.approx([middles[day] for day in inner], abs=1)


def test_axe_finds_no_fault(browser: Browser, page: Path) -> None:
    # Its Python code needs Playwright; the copy of axe-core in it needs a browser only.
    package = importlib.util.find_spec("axe_playwright_python")
    assert package
    assert package.origin
    browser.open(page)
    browser.evaluate(Path(package.origin).with_name("axe.min.js").read_text("utf-8") + "\n;0")
    faults = browser.evaluate(
        "axe.run().then((r) => r.violations.map((v) => v.id + v.nodes[0].html))"
    )
    assert faults == []


def odd_accounts(tables: Tables) -> Tables:
    """40 accounts: one with HTML in its name and captions, one new, others without stories."""
    accounts = [row["id"] for row in tables["accounts"]]
    odd: Tables = {name: [] for name in tables}
    for number in range(MANY):
        source = accounts[number % len(accounts)]
        for name, rows in tables.items():
            own = [row for row in rows if (row.get("account_id") or row["id"]) == source]
            odd[name] += [renamed(row, number, name) for row in own if is_kept(row, number, name)]
    return odd


def is_kept(row: Row, number: int, table: str) -> bool:
    if number % 4 == 1 and table in {"stories", "story_insights"}:
        return False
    # One account was read for the first time today, and has no insights yet.
    if number == NEW:
        return table == "accounts" or (
            table == "account_history" and row["snapshot_date"] == str(TODAY)
        )
    return True


def renamed(row: Row, number: int, table: str) -> Row:
    changed = copy.deepcopy(row)
    for name in ("id", "account_id", "media_id"):
        if changed.get(name):
            changed[name] = f"{changed[name]}{number:02}"
    if table == "accounts":
        changed["id"] = changed["account_id"]
    if number == 0 and "username" in changed:
        changed["username"] = HTML_NAME
    if number == 0 and "caption" in changed:
        changed["caption"] = HTML_CAPTION
    return changed
