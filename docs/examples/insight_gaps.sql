-- Since when a number is missing, and why.
SELECT
  account_id,
  metric,
  reason,
  MIN(date) AS first_missing,
  MAX(date) AS last_missing,
  COUNT(DISTINCT NULLIF(media_id, '')) AS media
FROM instagram.insight_gaps
GROUP BY account_id, metric, reason
ORDER BY account_id, metric, first_missing
