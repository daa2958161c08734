{{ config(**instagram_heavy()) }}
{%- set products = {
  'posts': 'POST',
  'carousels': 'CAROUSEL_CONTAINER',
  'reels': 'REEL',
  'stories': 'STORY',
  'ads': 'AD',
} -%}
WITH days AS (
  SELECT account_id, date FROM {{ ref('stg_instagram__account_insights') }}
  UNION DISTINCT
  SELECT account_id, date FROM {{ ref('stg_instagram__account_insights_breakdowns') }}
  UNION DISTINCT
  SELECT account_id, date FROM {{ ref('stg_instagram__account_reach') }}
),
parts AS (
  SELECT
    account_id,
    date,
    {%- for metric in ['reach', 'views'] %}
    {{ instagram_part(metric, 'follow_type', 'FOLLOWER') }} AS {{ metric }}_followers,
    {{ instagram_part(metric, 'follow_type', 'NON_FOLLOWER') }} AS {{ metric }}_non_followers,
    {{ instagram_other_parts(metric, 'follow_type', ['FOLLOWER', 'NON_FOLLOWER']) }}
      AS {{ metric }}_unknown_followers,
    {%- endfor %}
    {%- for metric in ['reach', 'views', 'total_interactions'] %}
    {%- for name, dimension in products.items() %}
    {{ instagram_part(metric, 'media_product_type', dimension) }} AS {{ metric }}_{{ name }},
    {%- endfor %}
    {{ instagram_other_parts(metric, 'media_product_type', products.values() | list) }}
      AS {{ metric }}_other{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('stg_instagram__account_insights_breakdowns') }}
  GROUP BY account_id, date
),
rolling_reach AS (
  SELECT
    account_id,
    date,
    MAX(IF(days = 7, reach, NULL)) AS reach_7d,
    MAX(IF(days = 28, reach, NULL)) AS reach_28d
  FROM {{ ref('stg_instagram__account_reach') }}
  GROUP BY account_id, date
)
SELECT
  days.account_id,
  accounts.username,
  days.date,
  {{ instagram_week("days.date") }} AS week,
  history.followers_count AS followers,
  insights.follower_count AS new_followers,
  insights.follows,
  insights.unfollows,
  insights.follows - insights.unfollows AS net_follows,
  insights.reach,
  rolling_reach.reach_7d,
  rolling_reach.reach_28d,
  parts.reach_followers,
  parts.reach_non_followers,
  parts.reach_unknown_followers,
  insights.views,
  IF(
    COUNT(insights.views) OVER last_seven_days = 7,
    SUM(insights.views) OVER last_seven_days,
    NULL
  ) AS views_7d,
  parts.views_followers,
  parts.views_non_followers,
  parts.views_unknown_followers,
  insights.accounts_engaged,
  insights.total_interactions,
  SAFE_DIVIDE(insights.total_interactions, insights.reach) AS engagement_rate,
  insights.likes,
  insights.comments,
  insights.shares,
  insights.saves,
  insights.replies,
  insights.reposts,
  insights.profile_views,
  insights.profile_links_taps,
  insights.website_clicks,
  {%- for metric in ['reach', 'views', 'total_interactions'] %}
  {%- for name in products %}
  parts.{{ metric }}_{{ name }},
  {%- endfor %}
  parts.{{ metric }}_other,
  {%- endfor %}
  insights.is_final
FROM days
LEFT JOIN {{ ref('stg_instagram__account_insights') }} AS insights
  ON insights.account_id = days.account_id AND insights.date = days.date
LEFT JOIN parts ON parts.account_id = days.account_id AND parts.date = days.date
LEFT JOIN rolling_reach
  ON rolling_reach.account_id = days.account_id AND rolling_reach.date = days.date
LEFT JOIN {{ ref('stg_instagram__followers_by_date') }} AS history
  ON history.account_id = days.account_id AND history.snapshot_date = days.date
LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = days.account_id
WINDOW last_seven_days AS (
  PARTITION BY days.account_id
  ORDER BY UNIX_DATE(days.date)
  RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
)
