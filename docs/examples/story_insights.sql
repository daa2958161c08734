-- The last figures of each story, with the share of views at which people left.
SELECT
  account_id,
  media_id,
  timestamp,
  read_at,
  views,
  reach,
  replies,
  SAFE_DIVIDE(exits, views) AS exit_rate
FROM instagram.story_insights AS insights
WHERE views IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY media_id ORDER BY read_at DESC) = 1
ORDER BY account_id, timestamp
