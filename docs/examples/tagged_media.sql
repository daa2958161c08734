-- Who tags an account most often.
SELECT
  account_id,
  username,
  COUNT(*) AS media
FROM instagram.tagged_media
GROUP BY account_id, username
ORDER BY account_id, media DESC
