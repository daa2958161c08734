-- When followers are online: the average of each hour (US Pacific time), the best hour first.
SELECT
  account_id,
  hour,
  AVG(followers_online) AS followers_online
FROM instagram.online_followers
GROUP BY account_id, hour
ORDER BY account_id, followers_online DESC
