-- What people did on the profile after they had seen a media, by the last reading of each media.
WITH last_readings AS (
  SELECT account_id, breakdown_value, value
  FROM instagram.media_insights_breakdowns AS breakdowns
  WHERE metric = 'profile_activity'
  QUALIFY read_at = MAX(read_at) OVER (PARTITION BY media_id)
)
SELECT
  account_id,
  breakdown_value AS action,
  SUM(value) AS times
FROM last_readings AS readings
GROUP BY account_id, action
ORDER BY account_id, times DESC
