"""The kinds of faults: failures of calls, recorded oddities, and broken parts of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["recorded", "documented", "assumed"]


@dataclass(frozen=True)
class Kind:
    """Something that can be ordered to go wrong.

    Attributes:
        description: One sentence that tells what the API answers.
        source: Whether somebody recorded it of the real Graph API, Meta documents it, or it is
            only assumed.
        forms: The names of its variants; the first one is the default. Empty if there is only one.
        share_of: What the `share` of an order is a share of: the objects (media, accounts, Pages),
            or the parts of their answers.
        chosen: Whether an order without a form gets any of the forms, another one for each part.
        names: The metrics or fields that it is about if the order names none.
        number: The default of the order's `number`.
        code: The default of the order's `code`.
        fails: Whether it is a failure of a request or call, which happens once by default.
    """

    description: str
    source: Source = "assumed"
    forms: tuple[str, ...] = ()
    share_of: Literal["object", "part"] = "object"
    chosen: bool = False
    names: tuple[str, ...] = ()
    number: int | None = None
    code: int | None = None
    fails: bool = False


def _failure(description: str) -> Kind:
    return Kind(description, "documented", fails=True)


TRANSPORT: dict[str, Kind] = {
    "drop": _failure("The connection ends without an answer."),
    "stall": _failure("The connection ends without an answer after `seconds`."),
    "html_502": _failure("A proxy answers with HTTP status 502 and a page."),
    "empty_body": _failure("The answer has no body."),
    "truncated_body": _failure("The answer has the first half of its body."),
    "raw": _failure("The answer has the HTTP status `status` and the body `body`."),
}
"""Failures of a whole HTTP request."""
BATCH: dict[str, Kind] = {
    "batch_refused": _failure("A batch fails as a whole, by default with code 960."),
}
"""Failures of a batch as a whole."""
OPERATION: dict[str, Kind] = {
    "null_op": _failure("The answer to an operation of a batch is null."),
}
"""Failures that only an operation of a batch can have."""
CALL: dict[str, Kind] = {
    "throttle": _failure("A rate limit is reached: code 80002 by default."),
    "error": _failure("The call fails with `code`, `subcode`, `message` and `status`."),
    "error_with_200": _failure("The call fails, and its HTTP status is 200."),
    "unknown_error": _failure("The call fails with code 1."),
    "service_error": _failure("The call fails with code 2, which Meta calls transient."),
    "too_much_data": _failure("The call asks for too much data: code 1 with such a message."),
    "gone": _failure("The object does not exist: code 100, subcode 33."),
    "permission": _failure("The token lacks a permission: code 10."),
    "expired_token": _failure("The token has expired: code 190, subcode 463."),
    "password_changed": _failure("The token was invalidated: code 190, subcode 460."),
    "blocked": _failure("The app is blocked for a while: code 368."),
    "retire_metrics": _failure("From this call on, the API no longer knows the metrics `names`."),
}
"""Failures of one call: a single request, or an operation of a batch."""

ODDITIES: dict[str, Kind] = {
    # Insights of media
    "not_crossposted": Kind(
        "A call that asks a media for its views on Facebook fails with the message Fatal alone, "
        "where the media is not shared to Facebook (`not_shared`) or for any media (`any`).",
        source="recorded",
        forms=("not_shared", "any"),
        names=("crossposted_views", "facebook_views"),
        code=-1,
    ),
    "retired_metric": Kind(
        "A call for a metric that Meta has retired fails with one of Meta's wordings, of which "
        "some do not name the metric.",
        source="recorded",
        forms=(
            *("one_of", "v22", "incompatible", "unknown_100", "unknown_1"),
            *("foreign", "foreign_nameless"),
        ),
    ),
    "refused_media": Kind(
        "A single media refuses its insights with code 10 or 200, such as a collaboration or a "
        "restricted media, while the other media of its account answer.",
        source="recorded",
        code=10,
    ),
    "too_few_viewers": Kind(
        "A story with too few viewers refuses its insights with code 10 and a text in another "
        "language or with other words.",
        source="recorded",
        forms=("foreign", "nameless", "reworded"),
        code=10,
    ),
    "ad_media": Kind(
        "A listed media is an ad, which refuses its insights as a rule; `number` percent of the "
        "ads answer.",
        source="recorded",
        number=30,
    ),
    # Insights of accounts and media
    "refused_breakdown": Kind(
        "A call that splits a metric by a dimension that the metric lacks fails with an error that "
        "names nothing.",
        source="recorded",
        forms=("unknown_100", "unknown_1"),
    ),
    "refused_metric_type": Kind(
        "A call for a metric with the wrong metric_type fails with the words `is incompatible with "
        "the metric type (total_value)`.",
        source="recorded",
    ),
    "refused_range": Kind(
        "A call for account insights fails if its window begins more than `number` days ago.",
        source="documented",
        number=90,
        code=100,
    ),
    "late_follow_split": Kind(
        "The split of an account insight by follow_type has no results until `number` days after "
        "the end of its day: `results` is absent, or an empty list, or there is no split at all.",
        source="recorded",
        forms=("no_results", "empty_results", "no_breakdowns"),
        number=2,
    ),
    "bucket_names": Kind(
        "The names of the buckets of a split are in lower case, in upper case, in mixed case, or "
        "names that nobody knows.",
        source="recorded",
        forms=("lower", "upper", "mixed", "unknown"),
    ),
    "two_dimensions": Kind(
        "One call splits account insights by media_product_type and follow_type at once, because "
        "it is allowed (`allowed`) or although only one of them was asked for (`unasked`).",
        source="recorded",
        forms=("allowed", "unasked"),
    ),
    "follower_count_edge": Kind(
        "The window of follower_count and online_followers may begin `number` days ago, counted in "
        "Pacific days (`days`) or to the second (`seconds`).",
        source="documented",
        forms=("days", "seconds"),
        number=30,
    ),
    "numbers": Kind(
        "The number of an insight, or a field whose name ends in _count, is a string of digits, a "
        "fraction, or no number at all.",
        source="assumed",
        forms=(
            *("digits", "fraction", "whole_fraction", "word", "null", "object", "list"),
            *("boolean", "absent"),
        ),
        share_of="part",
    ),
    # Fields and lists
    "timestamps": Kind(
        "A timestamp has fractions of a second, ends with Z, is a number of Unix seconds, or has a "
        "colon in its offset.",
        source="recorded",
        forms=("fraction", "z", "unix", "colon"),
        names=("timestamp",),
    ),
    "captions": Kind(
        "A caption contains half of a surrogate pair, a NUL character, or 2,200 emoji.",
        source="recorded",
        forms=("surrogate", "nul", "emoji"),
        names=("caption",),
    ),
    "paged_children": Kind(
        "The slides of a carousel come in pages of `number`, as a default that `limit` replaces "
        "(`default`) or as a maximum (`maximum`).",
        source="recorded",
        forms=("default", "maximum"),
        number=25,
    ),
    "broken_listed_media": Kind(
        "A page of the media edge is refused with code 9005 because one of its media cannot give "
        "one of the fields that were requested.",
        source="recorded",
        names=("copyright_check_information",),
        code=9005,
    ),
    "no_product_type": Kind(
        "The lists of media lack `media_product_type`, while the permalink of a reel has /reel/.",
        source="recorded",
    ),
    # Finding accounts
    "unreadable_page": Kind(
        "A list of Pages with fields of their accounts fails as a whole, because one of the "
        "accounts cannot be read.",
        source="recorded",
        code=10,
    ),
    "older_account_ids": Kind(
        "The edges of a business portfolio give an older id of an account; the node that has it "
        "answers with the present id.",
        source="recorded",
    ),
    "silent_pages": Kind(
        "Without business_management, /me/accounts leaves out the Pages of a portfolio and reports "
        "no error.",
        source="recorded",
    ),
    "lost_account": Kind(
        "An account has been made a personal account or was unlinked from its Page: it is gone "
        "from all lists (`unlinked`), or its insights are refused with code 10 (`insights`).",
        source="recorded",
        forms=("unlinked", "insights"),
    ),
    # All calls
    "other_language": Kind(
        "The texts of errors are in the language of the token's owner, while codes stay the same: "
        "texts with the same names and numbers (`foreign`), or a text that names nothing "
        "(`nameless`).",
        source="recorded",
        forms=("foreign", "nameless"),
    ),
    "newer_version": Kind(
        "A call to an older version is answered by version `number`, which a header tells.",
        source="recorded",
        number=27,
    ),
}
"""The answers of the real API that a client may not expect, by name."""

BROKEN: dict[str, Kind] = {
    "broken_call": Kind(
        "A call always fails: it and all with the same path and parameters, all with the same "
        "path, or all for the same insight of the same object.",
        forms=("fail_call", "fail_object", "fail_metric"),
        share_of="part",
        chosen=True,
    ),
    "broken_item": Kind(
        "An object in a list is missing, null, or there twice.",
        forms=("drop_item", "null_item", "duplicate_item"),
        share_of="part",
        chosen=True,
    ),
    "broken_field": Kind(
        "A field is missing, null, of another type, has another name, or is there twice.",
        forms=("drop_field", "null_field", "retype_field", "rename_field", "duplicate_field"),
        share_of="part",
        chosen=True,
    ),
    "broken_paging": Kind(
        "A list ends although there are more items, or a page leads to itself.",
        forms=("end_paging", "loop_paging"),
        share_of="part",
        chosen=True,
    ),
}
"""Parts of answers that are broken, as nobody has seen them yet."""

KINDS: dict[str, Kind] = {**TRANSPORT, **BATCH, **OPERATION, **CALL, **ODDITIES, **BROKEN}
"""All that can be ordered, by name."""
