-- Followers over time: the number on each day, and the change since the day before it in the table.
SELECT
  username,
  date,
  followers_count,
  followers_count - LAG(followers_count) OVER (PARTITION BY account_id ORDER BY date) AS net_change
FROM instagram.account_history
ORDER BY username, date
