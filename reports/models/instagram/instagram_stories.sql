WITH latest AS (
  SELECT
    COALESCE(stories.id, insights.media_id) AS media_id,
    COALESCE(stories.account_id, insights.account_id) AS account_id,
    COALESCE(stories.timestamp, insights.timestamp) AS posted_at,
    {{ instagram_content_type('stories.media_product_type', 'stories.media_type') }} AS content_type,
    stories.username,
    stories.permalink,
    insights.* EXCEPT (media_id, account_id, timestamp)
  FROM {{ ref('stg_instagram__stories') }} AS stories
  FULL OUTER JOIN {{ ref('stg_instagram__story_insights') }} AS insights
    ON insights.media_id = stories.id
)
SELECT
  latest.media_id,
  latest.account_id,
  COALESCE(accounts.username, latest.username) AS username,
  latest.content_type,
  latest.permalink,
  latest.posted_at,
  {{ instagram_local_time('latest.posted_at', "COALESCE(accounts.timezone, " ~ instagram_zone('latest.account_id') ~ ")") }}
    AS posted_local,
  COALESCE(accounts.timezone, {{ instagram_zone('latest.account_id') }}) AS timezone,
  latest.snapshot_date AS read_on,
  latest.reach,
  latest.views,
  latest.replies,
  latest.shares,
  latest.reposts,
  latest.total_interactions,
  latest.follows,
  latest.profile_visits,
  latest.link_clicks,
  latest.navigation,
  latest.taps_forward,
  latest.taps_back,
  latest.swipes_forward,
  latest.exits,
  SAFE_DIVIDE(latest.taps_forward, latest.views) AS forward_rate,
  SAFE_DIVIDE(latest.taps_back, latest.views) AS back_rate,
  SAFE_DIVIDE(latest.swipes_forward, latest.views) AS next_account_rate,
  SAFE_DIVIDE(latest.exits, latest.views) AS exit_rate,
  SAFE_DIVIDE(latest.replies, latest.reach) AS reply_rate
FROM latest
LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = latest.account_id
