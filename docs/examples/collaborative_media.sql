-- Posts of partners on which the account collaborates, with the most liked first.
SELECT
  account_id,
  username,
  timestamp,
  permalink,
  like_count,
  comments_count
FROM instagram.collaborative_media
ORDER BY like_count DESC
