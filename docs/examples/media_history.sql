-- Likes that each post gained from one reading to the next, and the hours between the two.
SELECT
  history.account_id,
  history.media_id,
  history.read_at,
  history.like_count - LAG(history.like_count) OVER by_reading AS likes_gained,
  TIMESTAMP_DIFF(history.read_at, LAG(history.read_at) OVER by_reading, HOUR) AS hours_covered
FROM instagram.media_history AS history
WHERE history.like_count IS NOT NULL
WINDOW by_reading AS (PARTITION BY history.media_id ORDER BY history.read_at)
ORDER BY read_at, likes_gained DESC
