"""The names in Meta's reference: fields by node and login, insights and their breakdowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instagram_sandbox.graph_api.settings import Login


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _word_set(text: str) -> frozenset[str]:
    return frozenset(_words(text))


ACCOUNT_FIELDS: dict[Login, frozenset[str]] = {
    "facebook": _word_set(
        "id ig_id legacy_instagram_user_id username name biography website followers_count "
        "follows_count media_count profile_picture_url has_profile_pic is_published "
        "shopping_product_tag_eligibility shopping_review_status owner_business "
        "mini_shop_storefront"
    ),
    "instagram": _word_set(
        "id user_id account_type username name biography website followers_count follows_count "
        "media_count profile_picture_url"
    ),
}
"""Graph API reference: IG User."""

MEDIA_FIELDS: dict[Login, frozenset[str]] = {
    "facebook": _word_set(
        "id ig_id legacy_instagram_media_id media_type media_product_type media_audio_type caption "
        "permalink shortcode media_url thumbnail_url timestamp username owner like_count "
        "comments_count is_comment_enabled is_ai_generated is_shared_to_feed alt_text "
        "reposts_count shares_count saved_count total_like_count total_comments_count "
        "total_views_count view_count boost_eligibility_info boost_ads_list "
        "copyright_check_information has_poll has_slider audio_id video_title live_status "
        "live_reactions current_live_viewer_count collaborators product_tags "
        "branded_content_partner_promote"
    ),
    "instagram": _word_set(
        "id media_type media_product_type caption permalink shortcode media_url thumbnail_url "
        "timestamp username owner like_count comments_count is_comment_enabled is_ai_generated "
        "is_shared_to_feed alt_text current_live_viewer_count view_count total_views_count"
    ),
}
"""Graph API reference: IG Media."""

COMMENT_FIELDS = _word_set(
    "id text timestamp username like_count hidden from user parent_id media "
    "legacy_instagram_comment_id"
)
"""Graph API reference: IG Comment."""

PAGE_FIELDS = _word_set(
    "id name access_token category tasks username link followers_count fan_count "
    "instagram_business_account connected_instagram_account"
)
"""Graph API reference: Page, the fields that matter for Instagram."""

BUSINESS_FIELDS = _word_set("id name created_time link verification_status")
"""Graph API reference: Business, in part."""

ASSET_FIELDS = _word_set("id ig_user_id ig_username")
"""Graph API reference: InstagramBusinessAsset, in part."""

ACCOUNT_METRICS = _words(
    "reach follower_count website_clicks profile_views online_followers accounts_engaged "
    "total_interactions likes comments shares saves replies engaged_audience_demographics "
    "reached_audience_demographics follower_demographics follows_and_unfollows "
    "profile_links_taps views reposts content_views"
)
"""Graph API: account insights. An error for an unknown metric lists these names."""

SERIES_METRICS = frozenset({"reach", "follower_count", "online_followers"})
"""Account insights that the API gives without metric_type=total_value."""

DEMOGRAPHICS = frozenset(
    {
        "follower_demographics",
        "engaged_audience_demographics",
        "reached_audience_demographics",
    }
)

ACCOUNT_BREAKDOWNS: dict[str, frozenset[str]] = {
    "follow_type": _word_set("reach views follows_and_unfollows"),
    "media_product_type": _word_set("reach views total_interactions likes comments shares saves"),
    "contact_button_type": _word_set("profile_links_taps"),
    "age": DEMOGRAPHICS,
    "gender": DEMOGRAPHICS,
    "city": DEMOGRAPHICS,
    "country": DEMOGRAPHICS,
}
"""The account insights that each breakdown can split."""

FACEBOOK_ONLY_METRICS = _word_set("link_clicks total_likes total_comments total_views")

_MEDIA_METRICS = _words(
    "views reach saved likes comments shares total_interactions follows profile_visits "
    "profile_activity navigation replies ig_reels_video_view_total_time ig_reels_avg_watch_time "
    "reels_skip_rate crossposted_views facebook_views reposts link_clicks total_likes "
    "total_comments total_views"
)

MEDIA_METRICS: dict[Login, tuple[str, ...]] = {
    "facebook": _MEDIA_METRICS,
    "instagram": tuple(name for name in _MEDIA_METRICS if name not in FACEBOOK_ONLY_METRICS),
}
"""Graph API: media insights. An error for an unknown metric lists these names."""

MEDIA_BREAKDOWNS: dict[str, str] = {
    "action_type": "profile_activity",
    "story_navigation_action_type": "navigation",
}
"""The media insight that each breakdown can split."""
