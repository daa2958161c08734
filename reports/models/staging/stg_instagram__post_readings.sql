{#- Each reading of a post: its insights, and its counters in the list of media. -#}
SELECT
  COALESCE(insights.media_id, counts.media_id) AS media_id,
  COALESCE(insights.account_id, counts.account_id) AS account_id,
  COALESCE(insights.snapshot_date, counts.snapshot_date) AS snapshot_date,
  COALESCE(insights.hour, counts.hour) AS hour,
  COALESCE(insights.read_at, counts.read_at) AS read_at,
  insights.media_id IS NOT NULL AS has_insights,
  insights.media_product_type,
  insights.media_type,
  insights.reach,
  insights.views,
  insights.likes,
  insights.comments,
  insights.saved AS saves,
  insights.shares,
  insights.reposts,
  insights.total_interactions,
  insights.follows,
  insights.profile_visits,
  counts.like_count,
  counts.comments_count
FROM {{ ref('stg_instagram__media_insights') }} AS insights
FULL OUTER JOIN {{ ref('stg_instagram__media_history') }} AS counts
  ON counts.media_id = insights.media_id
  AND counts.snapshot_date = insights.snapshot_date
  AND counts.hour = insights.hour
