-- Reach per week (Monday to Sunday): the 7 days that end on a Sunday. 1 is Sunday in DAYOFWEEK.
SELECT
  account_id,
  DATE_SUB(date, INTERVAL 6 DAY) AS week,
  reach
FROM instagram.account_reach
WHERE days = 7 AND EXTRACT(DAYOFWEEK FROM date) = 1
ORDER BY account_id, week
