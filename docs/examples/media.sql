-- Number of posts and average likes per month and kind of media.
SELECT
  account_id,
  DATE_TRUNC(DATE(timestamp), MONTH) AS month,
  media_product_type,
  media_type,
  COUNT(*) AS posts,
  AVG(like_count) AS average_likes
FROM instagram.media
GROUP BY account_id, month, media_product_type, media_type
ORDER BY account_id, month, posts DESC
