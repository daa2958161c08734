-- The latest figure of each metric for each post. If Meta omits a metric from a reading, the query
-- returns the figure of the last reading that has it. Add the other metrics in the same way.
SELECT
  account_id,
  media_id,
  MAX(read_at) AS last_read_at,
  ANY_VALUE(reach HAVING MAX IF(reach IS NULL, NULL, read_at)) AS latest_reach,
  ANY_VALUE(views HAVING MAX IF(views IS NULL, NULL, read_at)) AS latest_views,
  ANY_VALUE(likes HAVING MAX IF(likes IS NULL, NULL, read_at)) AS latest_likes,
  ANY_VALUE(saved HAVING MAX IF(saved IS NULL, NULL, read_at)) AS latest_saved,
  ANY_VALUE(shares HAVING MAX IF(shares IS NULL, NULL, read_at)) AS latest_shares
FROM instagram.media_insights AS insights
GROUP BY account_id, media_id
ORDER BY latest_views DESC
