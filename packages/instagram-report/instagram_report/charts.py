"""The charts, as Vega-Lite specifications.

Each chart can be read without colour: lines differ by their dashes, bars by their labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from instagram_report.totals import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instagram_report.views import Row

INK, PAPER = "#1f2430", "#ffffff"
COLOURS = ["#3454d1", "#c2410c", "#0f766e", "#86198f", "#a16207", "#475569"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
GENDERS = {"F": "women", "M": "men", "U": "not known"}
Spec = dict[str, Any]


def followers(rows: Sequence[Row]) -> Spec:
    """Draw followers over time: read numbers solid, estimated ones dotted."""
    values = [
        {
            "date": row["date"].isoformat(),
            "followers": row["followers"],
            "source": "estimated" if row["followers_source"] == "estimated" else "read",
        }
        for row in rows
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        # A line needs two days.
        .mark_line(color=COLOURS[0], point=len(rows) == 1)
        .encode(
            x=_day(),
            y=alt.Y("followers:Q", title="Followers", scale=alt.Scale(zero=False)),
            strokeDash=alt.StrokeDash(
                "source:N",
                title=None,
                scale=alt.Scale(domain=["read", "estimated"], range=[[1, 0], [2, 4]]),
            ),
            tooltip=[_day_tip(), _count_tip("followers", "Followers"), "source:N"],
        )
    )
    return _finished(chart)


def reach(rows: Sequence[Row]) -> Spec:
    """Draw the reach of each day and of the 7 and 28 days up to it."""
    periods = {"1 day": "reach", "7 days": "reach_7d", "28 days": "reach_28d"}
    values = [
        {"date": row["date"].isoformat(), "period": period, "reach": row[column]}
        for row in rows
        for period, column in periods.items()
    ]
    names = list(periods)
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line()
        .encode(
            x=_day(),
            y=alt.Y("reach:Q", title="Accounts reached"),
            color=alt.Color(
                "period:N", title=None, scale=alt.Scale(domain=names, range=COLOURS[:3]), sort=None
            ),
            strokeDash=alt.StrokeDash(
                "period:N",
                title=None,
                scale=alt.Scale(domain=names, range=[[1, 0], [6, 3], [2, 3]]),
            ),
            tooltip=[_day_tip(), "period:N", _count_tip("reach", "Accounts reached")],
        )
    )
    return _finished(chart)


def views_by_kind(rows: Sequence[Row]) -> Spec:
    """Draw the views of each day, stacked by kind of content."""
    values = [
        {"date": row["date"].isoformat(), "kind": kind, "views": row[column], "place": place}
        for row in rows
        for place, (kind, column) in enumerate(KINDS.items())
        if row[column]
    ]
    kinds = [kind for kind in KINDS if any(value["kind"] == kind for value in values)]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(stroke=PAPER, strokeWidth=0.5)
        .encode(
            x=_day(),
            y=alt.Y("views:Q", title="Views", stack="zero"),
            color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=kinds, range=COLOURS)),
            order=alt.Order("place:Q"),
            tooltip=[_day_tip(), alt.Tooltip("kind:N", title="Kind"), _count_tip("views", "Views")],
        )
    )
    return _finished(chart)


def follows(rows: Sequence[Row]) -> Spec:
    """Draw follows upwards and unfollows downwards."""
    values = [
        {"date": row["date"].isoformat(), "what": what, "accounts": sign * row[what.lower()]}
        for row in rows
        for what, sign in (("Follows", 1), ("Unfollows", -1))
        if row[what.lower()] is not None
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            x=_day(),
            y=alt.Y("accounts:Q", title="Accounts (unfollows below zero)", stack=None),
            color=alt.Color(
                "what:N",
                title=None,
                scale=alt.Scale(domain=["Follows", "Unfollows"], range=COLOURS[:2]),
            ),
            tooltip=[_day_tip(), "what:N", _count_tip("accounts", "Accounts")],
        )
    )
    return _finished(chart)


def best_time(hours: Sequence[Row], posts: Iterable[Row]) -> Spec:
    """Draw how many followers are online by weekday and hour, with a dot for each post."""
    cells = [
        {
            "weekday": row["weekday_name"],
            "hour": row["hour"],
            "online": row["followers_online"],
        }
        for row in hours
        if row["followers_online"] is not None
    ]
    dots: dict[tuple[int, int], int] = {}
    for post in posts:
        if post["hour"] is not None:
            place = post["weekday"], post["hour"]
            dots[place] = dots.get(place, 0) + 1
    marks = [
        {"weekday": WEEKDAYS[weekday - 1], "hour": hour, "posts": number}
        for (weekday, hour), number in sorted(dots.items())
    ]
    x = alt.X("hour:O", title="Hour", axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("weekday:O", title=None, sort=WEEKDAYS)
    heat = (
        alt.Chart(alt.Data(values=cells))
        .mark_rect()
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "online:Q",
                title="Followers online",
                scale=alt.Scale(range=["#eef2ff", "#9fb2f5"], zero=False),
                legend=alt.Legend(gradientLength=110, tickCount=3),
            ),
            tooltip=["weekday:O", "hour:O", _count_tip("online", "Followers online")],
        )
    )
    points = (
        alt.Chart(alt.Data(values=marks))
        .mark_circle(color=INK, opacity=1)
        .encode(
            x=x,
            y=y,
            size=alt.Size(
                "posts:Q",
                title="Posts",
                scale=alt.Scale(range=[12, 130]),
                legend=alt.Legend(columns=2, tickCount=3, format="d"),
            ),
            tooltip=["weekday:O", "hour:O", "posts:Q"],
        )
    )
    # A scale without values would be a warning in the browser.
    layers = [layer for layer, values in ((heat, cells), (points, marks)) if values]
    return _finished(alt.layer(*layers))


def usual_views(by_type: dict[str, float]) -> Spec:
    """Draw the median views of the posts of each type."""
    values = [{"type": name, "views": views} for name, views in by_type.items()]
    return _bars(values, "type", "Median views", "views", ",.0f")


def growth(readings: Sequence[Row], captions: dict[str, str]) -> Spec:
    """Draw the views of recent posts by their age, one line for each post."""
    values = [
        {
            "media": row["media_id"],
            "post": captions[row["media_id"]],
            "type": row["content_type"],
            "age": round(row["days"], 2),
            "views": row["views"],
        }
        for row in readings
        if row["media_id"] in captions
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=alt.OverlayMarkDef(size=14))
        .encode(
            x=alt.X("age:Q", title="Days since posting", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("views:Q", title="Views"),
            detail="media:N",
            color=alt.Color("type:N", title=None, scale=alt.Scale(range=COLOURS)),
            strokeDash=alt.StrokeDash("type:N", title=None),
            tooltip=["post:N", "type:N", "age:Q", _count_tip("views", "Views")],
        )
    )
    return _finished(chart)


def ages(rows: Sequence[Row]) -> Spec:
    """Draw the shares of followers by age and gender."""
    values = [
        {
            "age": row["age"],
            "gender": GENDERS.get(row["gender"], row["gender"]),
            "share": row["share"],
        }
        for row in rows
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="Share of followers", axis=alt.Axis(format="%")),
            y=alt.Y("gender:N", title=None),
            row=alt.Row("age:O", title=None, header=alt.Header(labelAngle=0, labelAlign="left")),
            color=alt.Color("gender:N", legend=None, scale=alt.Scale(range=COLOURS)),
            tooltip=["age:O", "gender:N", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=alt.Step(13), width=220)
    )
    return _configured(chart)


def countries(rows: Sequence[Row]) -> Spec:
    """Draw the shares of the ten countries with most followers."""
    values = [{"country": row["country"], "share": row["share"]} for row in rows[:10]]
    return _bars(values, "country", "Share of followers", "share", ".1%")


def story_steps(totals: dict[str, int]) -> Spec:
    """Draw what people did with the stories of four weeks."""
    values = [{"step": name, "times": times} for name, times in totals.items()]
    return _bars(values, "step", "Times", "times", ",.0f")


def _bars(values: list[dict[str, Any]], name: str, title: str, number: str, form: str) -> Spec:
    longest = max(value[number] for value in values)
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X(
            f"{number}:Q",
            title=title,
            axis=alt.Axis(format=form, labelOverlap=True),
            # Beyond the longest bar there is room for its number.
            scale=alt.Scale(domain=[0, (longest or 1) * 1.25], nice=False),
        ),
        y=alt.Y(f"{name}:N", title=None, sort=None),
        tooltip=[f"{name}:N", alt.Tooltip(f"{number}:Q", title=title, format=form)],
    )
    text = base.mark_text(align="left", dx=4, color=INK).encode(
        text=alt.Text(f"{number}:Q", format=form)
    )
    height = max(60, 30 * len(values))
    return _finished(base.mark_bar(color=COLOURS[0]) + text, height=height)


def _day() -> alt.X:
    # A date without a time is midnight in UTC: any other zone would draw it on another day.
    return alt.X(
        "date:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(format="%d %b", labelOverlap=True),
    )


def _day_tip() -> alt.Tooltip:
    return alt.Tooltip("utcyearmonthdate(date):T", title="Day", format="%A, %d %B %Y")


def _count_tip(column: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{column}:Q", title=title, format=",.0f")


def _finished(chart: alt.TopLevelMixin, *, height: int = 260) -> Spec:
    return _configured(chart.properties(width="container", height=height))


def _configured(chart: alt.TopLevelMixin) -> Spec:
    spec: Spec = (
        chart.configure(background=PAPER, font="system-ui, sans-serif")
        .configure_axis(
            labelColor=INK, titleColor=INK, labelFontSize=12, titleFontSize=12, gridColor="#e5e7eb"
        )
        # Below the plot, a legend takes nothing of its width on a narrow screen.
        .configure_legend(
            orient="bottom", labelColor=INK, titleColor=INK, labelFontSize=12, columns=3
        )
        .configure_view(stroke=None)
        .configure_facet(spacing=4)
        .to_dict()
    )
    return spec
