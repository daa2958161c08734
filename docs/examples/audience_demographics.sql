-- Followers by age and gender at the newest reading, and their share of all that Meta can place.
SELECT
  account_id,
  snapshot_date,
  age,
  gender,
  value AS followers,
  value / SUM(value) OVER (PARTITION BY account_id, snapshot_date) AS share
FROM instagram.audience_demographics
WHERE metric = 'follower_demographics' AND breakdown = 'age,gender'
QUALIFY snapshot_date = MAX(snapshot_date) OVER (PARTITION BY account_id)
ORDER BY account_id, age, gender
