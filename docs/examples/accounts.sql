-- All accounts, the one with the most followers first.
SELECT
  username,
  name,
  followers_count,
  media_count
FROM instagram.accounts
ORDER BY followers_count DESC
