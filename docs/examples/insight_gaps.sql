-- On which days a number is missing, and why: one row of the table may stand for several days.
SELECT
  account_id,
  metric,
  reason,
  MIN(day) AS first_missing,
  MAX(day) AS last_missing,
  COUNT(DISTINCT day) AS days,
  COUNT(DISTINCT NULLIF(media_id, '-')) AS media
FROM instagram.insight_gaps, UNNEST(GENERATE_DATE_ARRAY(date, last_date)) AS day
GROUP BY account_id, metric, reason
ORDER BY account_id, metric, first_missing
