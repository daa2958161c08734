{{ config(**instagram_heavy()) }}
{%- set metrics = [
  'reach', 'views', 'total_interactions', 'likes', 'comments', 'shares', 'reposts', 'saved',
  'follows', 'profile_visits', 'ig_reels_avg_watch_time', 'ig_reels_video_view_total_time',
  'reels_skip_rate', 'total_views'
] -%}
WITH latest_insights AS (
  SELECT
    media_id,
    ANY_VALUE(account_id) AS account_id,
    MAX(read_at) AS last_read_at,
    {%- for name in ['media_product_type', 'media_type'] + metrics %}
    {{ instagram_latest(name) }} AS {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('stg_instagram__media_insights') }} AS insights
  GROUP BY media_id
),
latest AS (
  SELECT
    COALESCE(media.id, insights.media_id) AS media_id,
    COALESCE(media.account_id, insights.account_id) AS account_id,
    COALESCE(media.media_product_type, insights.media_product_type) AS media_product_type,
    COALESCE(media.media_type, insights.media_type) AS media_type,
    media.username,
    media.permalink,
    media.caption,
    media.hashtags,
    media.caption_length,
    media.children_count,
    media.timestamp AS posted_at,
    media.read_at AS listed_at,
    insights.last_read_at AS read_at,
    insights.reach,
    insights.views,
    insights.total_interactions,
    COALESCE(insights.likes, media.like_count) AS likes,
    COALESCE(insights.comments, media.comments_count) AS comments,
    COALESCE(insights.shares, media.shares_count) AS shares,
    COALESCE(insights.reposts, media.reposts_count) AS reposts,
    insights.saved AS saves,
    insights.follows,
    insights.profile_visits,
    insights.ig_reels_avg_watch_time / 1000 AS average_watch_seconds,
    insights.ig_reels_video_view_total_time / 3600000 AS watch_hours,
    insights.reels_skip_rate / 100 AS skip_rate,
    insights.total_views AS views_with_ads
  FROM {{ ref('stg_instagram__media') }} AS media
  FULL OUTER JOIN latest_insights AS insights
    ON insights.media_id = media.id
),
described AS (
  SELECT
    latest.*,
    accounts.username AS account_username,
    {{ instagram_content_type() }} AS content_type,
    COALESCE(accounts.timezone, {{ instagram_zone('latest.account_id') }}) AS timezone
  FROM latest
  LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = latest.account_id
),
compared AS (
  SELECT
    described.*,
    {{ instagram_local_time('posted_at', 'timezone') }} AS posted_local,
    PERCENTILE_CONT(views, 0.5) OVER (PARTITION BY account_id, content_type) AS usual_views,
    COUNT(views) OVER (PARTITION BY account_id, content_type) AS posts_compared,
    PERCENT_RANK() OVER (PARTITION BY account_id, content_type, views IS NULL ORDER BY views)
      AS views_rank,
    MAX(listed_at) OVER (PARTITION BY account_id) AS newest_listing
  FROM described
)
SELECT
  media_id,
  account_id,
  COALESCE(account_username, username) AS username,
  content_type,
  permalink,
  caption,
  NULLIF(ARRAY_TO_STRING(hashtags, ' '), '') AS hashtags,
  caption_length,
  children_count AS slides,
  posted_at,
  posted_local,
  DATE(posted_local) AS posted_on,
  {{ instagram_week("DATE(posted_local)") }} AS posted_week,
  {{ instagram_weekday('DATE(posted_local)') }} AS weekday,
  FORMAT_DATE('%A', DATE(posted_local)) AS weekday_name,
  EXTRACT(HOUR FROM posted_local) AS hour,
  timezone,
  read_at,
  listed_at,
  -- The pages of one list are read one after the other, which may go past midnight.
  listed_at > TIMESTAMP_SUB(newest_listing, INTERVAL 12 HOUR) AS is_listed,
  reach,
  views,
  likes,
  comments,
  saves,
  shares,
  reposts,
  total_interactions,
  follows,
  profile_visits,
  average_watch_seconds,
  watch_hours,
  skip_rate,
  views_with_ads,
  SAFE_DIVIDE(total_interactions, reach) AS engagement_rate,
  SAFE_DIVIDE(likes, reach) AS like_rate,
  SAFE_DIVIDE(comments, reach) AS comment_rate,
  SAFE_DIVIDE(saves, reach) AS save_rate,
  SAFE_DIVIDE(shares, reach) AS share_rate,
  usual_views,
  SAFE_DIVIDE(views, usual_views) AS views_vs_usual,
  IF(views IS NULL OR posts_compared < 2, NULL, views_rank) AS views_percentile
FROM compared
