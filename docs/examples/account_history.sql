-- Followers over time: the last reading of each UTC date, and the change since the date before it in
-- the table.
WITH last_readings AS (
  SELECT account_id, username, snapshot_date, followers_count
  FROM instagram.account_history AS history
  WHERE followers_count IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY account_id, snapshot_date ORDER BY hour DESC) = 1
)
SELECT
  readings.username,
  readings.snapshot_date,
  readings.followers_count,
  readings.followers_count - LAG(readings.followers_count) OVER (
    PARTITION BY readings.account_id ORDER BY readings.snapshot_date
  ) AS net_change
FROM last_readings AS readings
ORDER BY username, snapshot_date
