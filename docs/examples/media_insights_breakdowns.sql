-- What people did on the profile after they had seen a media.
SELECT
  account_id,
  dimension AS action,
  SUM(value) AS times
FROM instagram.media_insights_breakdowns
WHERE metric = 'profile_activity'
GROUP BY account_id, action
ORDER BY account_id, times DESC
