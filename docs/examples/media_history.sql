-- Likes that each post gained from one day to the next.
SELECT
  account_id,
  media_id,
  date,
  like_count - LAG(like_count) OVER (PARTITION BY media_id ORDER BY date) AS likes_gained,
  DATE_DIFF(date, LAG(date) OVER (PARTITION BY media_id ORDER BY date), DAY) AS days_since_last
FROM instagram.media_history
ORDER BY date, likes_gained DESC
