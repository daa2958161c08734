-- Views per week (Monday to Sunday, US Pacific days) and type of content.
SELECT
  account_id,
  DATE_TRUNC(date, WEEK(MONDAY)) AS week,
  breakdown_value AS content_type,
  SUM(value) AS views
FROM instagram.account_insights_breakdowns AS breakdowns
WHERE metric = 'views' AND breakdown = 'media_product_type'
GROUP BY account_id, week, content_type
ORDER BY account_id, week, views DESC
