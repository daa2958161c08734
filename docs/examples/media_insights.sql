-- The latest figure of each metric of each post. A reading in which Meta left out a metric does not
-- hide the figure of an earlier reading. Add the other metrics in the same way.
SELECT
  account_id,
  media_id,
  MAX(read_at) AS last_read_at,
  ARRAY_AGG(reach IGNORE NULLS ORDER BY read_at DESC LIMIT 1)[SAFE_OFFSET(0)] AS latest_reach,
  ARRAY_AGG(views IGNORE NULLS ORDER BY read_at DESC LIMIT 1)[SAFE_OFFSET(0)] AS latest_views,
  ARRAY_AGG(likes IGNORE NULLS ORDER BY read_at DESC LIMIT 1)[SAFE_OFFSET(0)] AS latest_likes,
  ARRAY_AGG(saved IGNORE NULLS ORDER BY read_at DESC LIMIT 1)[SAFE_OFFSET(0)] AS latest_saved,
  ARRAY_AGG(shares IGNORE NULLS ORDER BY read_at DESC LIMIT 1)[SAFE_OFFSET(0)] AS latest_shares
FROM instagram.media_insights AS insights
GROUP BY account_id, media_id
ORDER BY latest_views DESC
