{%- set metrics = [
  'reach', 'views', 'replies', 'shares', 'reposts', 'total_interactions', 'follows',
  'profile_visits', 'link_clicks', 'navigation', 'taps_forward', 'taps_back', 'swipes_forward',
  'exits'
] -%}
WITH latest_insights AS (
  SELECT
    media_id,
    ANY_VALUE(account_id) AS account_id,
    ANY_VALUE(timestamp) AS posted_at,
    MAX(read_at) AS last_read_at,
    {%- for name in metrics %}
    {{ instagram_latest(name) }} AS {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('stg_instagram__story_insights') }} AS insights
  GROUP BY media_id
),
latest AS (
  SELECT
    COALESCE(stories.id, insights.media_id) AS media_id,
    COALESCE(stories.account_id, insights.account_id) AS account_id,
    COALESCE(stories.timestamp, insights.posted_at) AS posted_at,
    {{ instagram_content_type('stories.media_product_type', 'stories.media_type') }} AS content_type,
    stories.username,
    stories.permalink,
    insights.* EXCEPT (media_id, account_id, posted_at)
  FROM {{ ref('stg_instagram__stories') }} AS stories
  FULL OUTER JOIN latest_insights AS insights
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
  latest.last_read_at AS read_at,
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
