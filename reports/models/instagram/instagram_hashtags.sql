WITH used AS (
  SELECT DISTINCT
    media.account_id,
    media.id AS media_id,
    LOWER(hashtag) AS hashtag
  FROM {{ ref('stg_instagram__media') }} AS media
  CROSS JOIN UNNEST(media.hashtags) AS hashtag
),
compared AS (
  SELECT
    used.account_id,
    used.hashtag,
    posts.username,
    posts.posted_at,
    PERCENTILE_CONT(posts.views, 0.5) OVER of_hashtag AS median_views,
    PERCENTILE_CONT(posts.views_vs_usual, 0.5) OVER of_hashtag AS median_views_vs_usual
  FROM used
  JOIN {{ ref('instagram_posts') }} AS posts ON posts.media_id = used.media_id
  WINDOW of_hashtag AS (PARTITION BY used.account_id, used.hashtag)
)
SELECT
  account_id,
  ANY_VALUE(username) AS username,
  hashtag,
  COUNT(*) AS posts,
  COUNT(*) < 3 AS has_few_posts,
  MIN(posted_at) AS first_used_at,
  MAX(posted_at) AS last_used_at,
  ANY_VALUE(median_views) AS median_views,
  ANY_VALUE(median_views_vs_usual) AS median_views_vs_usual
FROM compared
GROUP BY account_id, hashtag
