-- Carousels, with the number of their images and videos.
SELECT
  account_id,
  media_id,
  COUNTIF(media_type = 'IMAGE') AS images,
  COUNTIF(media_type = 'VIDEO') AS videos
FROM instagram.media_children
GROUP BY account_id, media_id
ORDER BY account_id, media_id
