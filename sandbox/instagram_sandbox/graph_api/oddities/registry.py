"""The list of oddities, with the sources from which they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["recorded", "documented", "assumed"]
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Oddity:
    """An answer of the real Graph API that a client may not expect.

    Attributes:
        description: One sentence that tells what the API answers.
        source: Whether somebody recorded it, Meta documents it, or it is only assumed.
        confidence: How sure it is that Meta answers so.
        forms: The names of its variants; the first one is the default. Empty if there is only one.
        share_of: What the `share` of a condition is a share of: the objects that the condition
            concerns (media, accounts, Pages), or the single numbers in their answers.
        names: The metrics or fields that it is about if the condition names none.
        number: The default of the condition's `number`.
        code: The default of the condition's `code`.
    """

    description: str
    source: Source
    confidence: Confidence
    forms: tuple[str, ...] = ()
    share_of: Literal["object", "number"] = "object"
    names: tuple[str, ...] = ()
    number: int | None = None
    code: int | None = None


ODDITIES: dict[str, Oddity] = {
    # Insights of media
    "not_crossposted": Oddity(
        "A call that asks a media for its views on Facebook fails with the message Fatal alone, "
        "where the media is not shared to Facebook (`not_shared`) or for any media (`any`).",
        source="recorded",
        confidence="high",
        forms=("not_shared", "any"),
        names=("crossposted_views", "facebook_views"),
        code=-1,
    ),
    "retired_metric": Oddity(
        "A call for a metric that Meta has retired fails with one of Meta's wordings, of which "
        "some do not name the metric.",
        source="recorded",
        confidence="high",
        forms=(
            *("one_of", "v22", "incompatible", "unknown_100", "unknown_1"),
            *("german", "german_nameless"),
        ),
    ),
    "refused_media": Oddity(
        "A single media refuses its insights with code 10 or 200, such as a collaboration or a "
        "restricted media, while the other media of its account answer.",
        source="recorded",
        confidence="medium",
        code=10,
    ),
    "too_few_viewers": Oddity(
        "A story with too few viewers refuses its insights with code 10 and a text in another "
        "language or with other words.",
        source="recorded",
        confidence="high",
        forms=("german", "japanese", "reworded"),
        code=10,
    ),
    "ad_media": Oddity(
        "A listed media is an ad, which refuses its insights as a rule; `number` percent of the "
        "ads answer.",
        source="recorded",
        confidence="medium",
        number=30,
    ),
    # Insights of accounts and media
    "refused_breakdown": Oddity(
        "A call that splits a metric by a dimension that the metric lacks fails with an error that "
        "names nothing.",
        source="recorded",
        confidence="high",
        forms=("unknown_100", "unknown_1"),
    ),
    "refused_metric_type": Oddity(
        "A call for a metric with the wrong metric_type fails with the words `is incompatible with "
        "the metric type (total_value)`.",
        source="recorded",
        confidence="high",
    ),
    "refused_range": Oddity(
        "A call for account insights fails if its window begins more than `number` days ago.",
        source="documented",
        confidence="low",
        number=90,
        code=100,
    ),
    "late_follow_split": Oddity(
        "The split of an account insight by follow_type has no results until `number` days after "
        "the end of its day: `results` is absent, or an empty list, or there is no split at all.",
        source="recorded",
        confidence="high",
        forms=("no_results", "empty_results", "no_breakdowns"),
        number=2,
    ),
    "bucket_names": Oddity(
        "The names of the buckets of a split are in lower case, in upper case, in mixed case, or "
        "names that nobody knows.",
        source="recorded",
        confidence="high",
        forms=("lower", "upper", "mixed", "unknown"),
    ),
    "two_dimensions": Oddity(
        "One call splits account insights by media_product_type and follow_type at once, because "
        "it is allowed (`allowed`) or although only one of them was asked for (`unasked`).",
        source="recorded",
        confidence="medium",
        forms=("allowed", "unasked"),
    ),
    "follower_count_edge": Oddity(
        "The window of follower_count and online_followers may begin `number` days ago, counted in "
        "Pacific days (`days`) or to the second (`seconds`).",
        source="documented",
        confidence="low",
        forms=("days", "seconds"),
        number=30,
    ),
    "numbers": Oddity(
        "The number of an insight, or a field whose name ends in _count, is a string of digits, a "
        "fraction, or no number at all.",
        source="assumed",
        confidence="medium",
        forms=(
            *("digits", "fraction", "whole_fraction", "word", "null", "object", "list"),
            *("boolean", "absent"),
        ),
        share_of="number",
    ),
    # Fields and lists
    "timestamps": Oddity(
        "A timestamp has fractions of a second, ends with Z, is a number of Unix seconds, or has a "
        "colon in its offset.",
        source="recorded",
        confidence="medium",
        forms=("fraction", "z", "unix", "colon"),
        names=("timestamp",),
    ),
    "captions": Oddity(
        "A caption contains half of a surrogate pair, a NUL character, or 2,200 emoji.",
        source="recorded",
        confidence="medium",
        forms=("surrogate", "nul", "emoji"),
        names=("caption",),
    ),
    "paged_children": Oddity(
        "The slides of a carousel come in pages of `number`, as a default that `limit` replaces "
        "(`default`) or as a maximum (`maximum`).",
        source="recorded",
        confidence="high",
        forms=("default", "maximum"),
        number=25,
    ),
    "broken_listed_media": Oddity(
        "A page of the media edge is refused with code 9005 because one of its media cannot give "
        "one of the fields that were requested.",
        source="recorded",
        confidence="high",
        names=("copyright_check_information",),
        code=9005,
    ),
    "no_product_type": Oddity(
        "The lists of media lack `media_product_type`, while the permalink of a reel has /reel/.",
        source="recorded",
        confidence="low",
    ),
    # Finding accounts
    "unreadable_page": Oddity(
        "A list of Pages with fields of their accounts fails as a whole, because one of the "
        "accounts cannot be read.",
        source="recorded",
        confidence="medium",
        code=10,
    ),
    "older_account_ids": Oddity(
        "The edges of a business portfolio give an older id of an account; the node that has it "
        "answers with the present id.",
        source="recorded",
        confidence="medium",
    ),
    "silent_pages": Oddity(
        "Without business_management, /me/accounts leaves out the Pages of a portfolio and reports "
        "no error.",
        source="recorded",
        confidence="high",
    ),
    "lost_account": Oddity(
        "An account has been made a personal account or was unlinked from its Page: it is gone "
        "from all lists (`unlinked`), or its insights are refused with code 10 (`insights`).",
        source="recorded",
        confidence="high",
        forms=("unlinked", "insights"),
    ),
    # All calls
    "other_language": Oddity(
        "The texts of errors are in the language of the token's owner, while codes stay the same: "
        "all texts in German, or texts in Japanese that name neither metrics nor fields.",
        source="recorded",
        confidence="high",
        forms=("german", "japanese"),
    ),
    "newer_version": Oddity(
        "A call to an older version is answered by version `number`, which a header tells.",
        source="recorded",
        confidence="medium",
        number=27,
    ),
}
"""The oddities by name."""
