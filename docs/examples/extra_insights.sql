-- Metrics of setting `extra_metrics`, per account and day.
SELECT
  account_id,
  date,
  metric,
  value
FROM instagram.extra_insights
WHERE media_id = '-'
ORDER BY account_id, metric, date
