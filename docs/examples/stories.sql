-- Number of stories per day.
SELECT
  account_id,
  DATE(timestamp) AS day,
  COUNT(*) AS stories
FROM instagram.stories
GROUP BY account_id, day
ORDER BY account_id, day
