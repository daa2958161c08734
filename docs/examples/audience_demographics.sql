-- Followers by age and gender at the newest reading, and their share of all that Meta can place.
SELECT
  demographics.account_id,
  demographics.read_at,
  demographics.age,
  demographics.gender,
  demographics.value AS followers,
  demographics.value / SUM(demographics.value) OVER (
    PARTITION BY demographics.account_id, demographics.read_at
  ) AS share
FROM instagram.audience_demographics AS demographics
WHERE demographics.metric = 'follower_demographics' AND demographics.breakdown = 'age,gender'
QUALIFY demographics.read_at = MAX(demographics.read_at) OVER (PARTITION BY demographics.account_id)
ORDER BY account_id, age, gender
