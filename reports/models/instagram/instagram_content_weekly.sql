WITH medians AS (
  SELECT
    posts.*,
    PERCENTILE_CONT(reach, 0.5) OVER of_group AS median_reach,
    PERCENTILE_CONT(views, 0.5) OVER of_group AS median_views,
    PERCENTILE_CONT(engagement_rate, 0.5) OVER of_group AS median_engagement_rate,
    PERCENTILE_CONT(views_vs_usual, 0.5) OVER of_group AS median_views_vs_usual
  FROM {{ ref('instagram_posts') }} AS posts
  WHERE posted_week IS NOT NULL
  WINDOW of_group AS (PARTITION BY account_id, posted_week, content_type)
)
SELECT
  account_id,
  ANY_VALUE(username) AS username,
  posted_week AS week,
  content_type,
  COUNT(*) AS posts,
  ANY_VALUE(median_reach) AS median_reach,
  ANY_VALUE(median_views) AS median_views,
  ANY_VALUE(median_engagement_rate) AS median_engagement_rate,
  ANY_VALUE(median_views_vs_usual) AS median_views_vs_usual,
  SUM(views) AS views_of_posts,
  SUM(total_interactions) AS interactions_of_posts,
  SUM(reach) AS reach_of_posts,
  ANY_VALUE(timezone) AS timezone
FROM medians
GROUP BY account_id, week, content_type
