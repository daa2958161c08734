{{ config(**instagram_heavy()) }}
{%- set totals = [
  'reach', 'views', 'likes', 'comments', 'saves', 'shares', 'reposts', 'total_interactions',
  'follows', 'profile_visits'
] -%}
{%- set counters = ['like_count', 'comments_count'] -%}
WITH readings AS (
  SELECT
    COALESCE(history.media_id, counts.media_id) AS media_id,
    COALESCE(history.account_id, counts.account_id) AS account_id,
    COALESCE(history.snapshot_date, counts.date) AS date,
    history.media_id IS NOT NULL AS has_insights,
    history.media_product_type,
    history.media_type,
    history.reach,
    history.views,
    history.likes,
    history.comments,
    history.saved AS saves,
    history.shares,
    history.reposts,
    history.total_interactions,
    history.follows,
    history.profile_visits,
    counts.like_count,
    counts.comments_count
  FROM {{ ref('stg_instagram__media_insights_history') }} AS history
  FULL OUTER JOIN {{ ref('stg_instagram__media_history') }} AS counts
    ON counts.media_id = history.media_id AND counts.date = history.snapshot_date
),
-- An account is watched from the first day of which anything of it was read.
watched AS (
  SELECT account_id, MIN(date) AS since
  FROM (
    SELECT account_id, date FROM {{ ref('stg_instagram__account_history') }}
    UNION ALL
    SELECT account_id, date FROM readings
  )
  GROUP BY account_id
),
described AS (
  SELECT
    readings.* EXCEPT (media_product_type, media_type),
    accounts.username,
    {{ instagram_content_type(
      'COALESCE(media.media_product_type, readings.media_product_type)',
      'COALESCE(media.media_type, readings.media_type)'
    ) }} AS content_type,
    media.timestamp AS posted_at,
    DATE(media.timestamp) >= watched.since AS is_watched_from_the_beginning
  FROM readings
  LEFT JOIN watched ON watched.account_id = readings.account_id
  LEFT JOIN {{ ref('stg_instagram__media') }} AS media ON media.id = readings.media_id
  LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = readings.account_id
),
compared AS (
  SELECT
    described.*,
    LAST_VALUE(IF(has_insights, date, NULL) IGNORE NULLS) OVER earlier AS previous_date,
    {%- for name in totals + counters %}
    LAST_VALUE({{ name }} IGNORE NULLS) OVER earlier AS previous_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM described
  WINDOW earlier AS (
    PARTITION BY media_id
    ORDER BY date
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
)
SELECT
  media_id,
  account_id,
  username,
  content_type,
  posted_at,
  date,
  DATE_DIFF(date, DATE(posted_at), DAY) AS age_days,
  has_insights,
  CASE
    WHEN NOT has_insights THEN NULL
    WHEN previous_date IS NOT NULL THEN DATE_DIFF(date, previous_date, DAY)
    WHEN is_watched_from_the_beginning THEN DATE_DIFF(date, DATE(posted_at), DAY) + 1
  END AS days_covered,
  {%- for name in totals + counters %}
  {{ name }},
  {%- endfor %}
  {%- for name in totals + counters %}
  {{ name }} - COALESCE(previous_{{ name }}, IF(is_watched_from_the_beginning, 0, NULL))
    AS {{ name }}_gained{{ ',' if not loop.last }}
  {%- endfor %}
FROM compared
