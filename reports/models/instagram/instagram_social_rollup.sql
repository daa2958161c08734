SELECT
  'instagram' AS platform,
  posts.account_id AS page_id,
  posts.username AS page_name,
  posts.media_id AS post_id,
  posts.posted_at AS created_timestamp,
  posts.caption AS post_message,
  posts.permalink AS post_url,
  CAST(NULL AS INT64) AS clicks,
  CAST(NULL AS INT64) AS impressions,
  posts.views,
  posts.likes,
  posts.comments,
  posts.shares
FROM {{ ref('instagram_posts') }} AS posts
