"""How tables read the nodes of a list: each node, and each of its fields, by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_instagram_business.graph.error_table import Reason
from tap_instagram_business.streams.columns import DOES_NOT_APPLY
from tap_instagram_business.values import read_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Record

    from tap_instagram_business.fields import Field
    from tap_instagram_business.graph.accounts import Account
    from tap_instagram_business.graph.calls import Result
    from tap_instagram_business.graph.insights import Parts
    from tap_instagram_business.streams.base import InstagramStream


def read_list(
    table: InstagramStream, account: Account, result: Result, *, media_id: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a page, each once; write a gap for each that has no id or was refused.

    Args:
        table: the table that reads them.
        account: the account that they belong to.
        result: the page.
        media_id: id of the media whose list it is; '' for a list of the account.
    """
    edge = f"/{result.call.edge}"
    for node_id, error in result.refused_nodes.items():
        table.gaps.add(account, edge, error, media_id=media_id or node_id)
    nodes = read_nodes(table, account, result.data.get("data"), edge, media_id=media_id)
    yield from (node for node in nodes if node)


def read_nodes(
    table: InstagramStream, account: Account, nodes: object, edge: str, *, media_id: str = ""
) -> Iterator[dict[str, Any] | None]:
    """Yield the nodes of a list, each once; for one without an id write a gap and yield None.

    Args:
        table: the table that reads them.
        account: the account that they belong to.
        nodes: what Meta gave as the list.
        edge: where the list is from, such as `/children`.
        media_id: id of the media whose list it is; '' for a list of the account.
    """
    seen = set()
    listed: list[Any] = nodes if isinstance(nodes, list) else [] if nodes is None else [nodes]
    for node in listed:
        node_id = read_id(node.get("id")) if isinstance(node, dict) else None
        if node_id is None:
            table.gaps.add(account, edge, Reason.UNREADABLE, media_id=media_id)
            yield None
        elif node_id not in seen:
            seen.add(node_id)
            yield {**node, "id": node_id}


def read_fields(
    table: InstagramStream,
    account: Account,
    fields: Iterable[Field],
    node: Mapping[str, Any],
    *,
    media_id: str = "",
) -> dict[str, Any]:
    """Return the columns of a node.

    A value of another type than the column's is NULL, and a gap tells so.

    Args:
        table: the table that reads the node.
        account: the account that it belongs to.
        fields: the fields, one for each column.
        node: the node.
        media_id: id of the media that it is or belongs to; '' for an account.
    """
    fields = tuple(fields)
    for field in fields:
        if field.is_unreadable(node):
            table.gaps.add(account, field.name, Reason.UNREADABLE, media_id=media_id)
    return {field.name: field.read(node) for field in fields}


def named_parts(
    result: Result, metric: str, columns: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """Return the columns of the parts of a metric that an answer holds.

    Args:
        result: the result.
        metric: Meta's name of the metric.
        columns: the name of each part at Meta, and a description, by column.
    """
    known = result.insights.parts(metric, (part for part, _ in columns.values()))
    return {name: known[part] for name, (part, _) in columns.items() if part in known}


def part_rows(
    splits: Mapping[str, Parts], metrics: Iterable[str], breakdown: str
) -> Iterator[Record]:
    """Yield the columns of each part of some metrics; `-` stands for what does not apply.

    Args:
        splits: the figures of each metric, by their values of the dimensions.
        metrics: the metrics.
        breakdown: the dimension, or the period of a series; '' for none.
    """
    for metric in metrics:
        for names, value in splits.get(metric, {}).items():
            yield {
                "metric": metric,
                "breakdown": breakdown or DOES_NOT_APPLY,
                "breakdown_value": ",".join(names).upper() or DOES_NOT_APPLY,
                "value": value,
            }
