-- Stories, with the share of views at which people left.
SELECT
  account_id,
  media_id,
  timestamp,
  views,
  reach,
  replies,
  SAFE_DIVIDE(exits, views) AS exit_rate
FROM instagram.story_insights
ORDER BY account_id, timestamp
