WITH cells AS (
  SELECT accounts.account_id, accounts.username, accounts.timezone, weekday, hour
  FROM {{ ref('instagram_accounts') }} AS accounts
  CROSS JOIN UNNEST(GENERATE_ARRAY(1, 7)) AS weekday
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, 23)) AS hour
),
online AS (
  SELECT
    accounts.account_id,
    {{ instagram_local_time(
      "TIMESTAMP(DATETIME_ADD(DATETIME(online.date), INTERVAL online.hour HOUR), 'America/Los_Angeles')",
      'accounts.timezone'
    ) }} AS local_time,
    online.followers_online
  FROM {{ ref('stg_instagram__online_followers') }} AS online
  JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = online.account_id
),
online_by_cell AS (
  SELECT
    account_id,
    {{ instagram_weekday('DATE(local_time)') }} AS weekday,
    EXTRACT(HOUR FROM local_time) AS hour,
    AVG(followers_online) AS followers_online
  FROM online
  GROUP BY account_id, weekday, hour
),
posts AS (
  SELECT
    account_id,
    weekday,
    hour,
    PERCENTILE_CONT(views_vs_usual, 0.5) OVER (PARTITION BY account_id, weekday, hour)
      AS median_views_vs_usual
  FROM {{ ref('instagram_posts') }}
),
posts_by_cell AS (
  SELECT
    account_id,
    weekday,
    hour,
    COUNT(*) AS posts,
    ANY_VALUE(median_views_vs_usual) AS median_views_vs_usual
  FROM posts
  GROUP BY account_id, weekday, hour
)
SELECT
  cells.account_id,
  cells.username,
  cells.weekday,
  CASE cells.weekday
    WHEN 1 THEN 'Monday'
    WHEN 2 THEN 'Tuesday'
    WHEN 3 THEN 'Wednesday'
    WHEN 4 THEN 'Thursday'
    WHEN 5 THEN 'Friday'
    WHEN 6 THEN 'Saturday'
    WHEN 7 THEN 'Sunday'
  END AS weekday_name,
  cells.hour,
  cells.timezone,
  COALESCE(posts_by_cell.posts, 0) AS posts,
  COALESCE(posts_by_cell.posts, 0) < 3 AS has_few_posts,
  posts_by_cell.median_views_vs_usual,
  online_by_cell.followers_online
FROM cells
LEFT JOIN posts_by_cell
  ON posts_by_cell.account_id = cells.account_id
  AND posts_by_cell.weekday = cells.weekday
  AND posts_by_cell.hour = cells.hour
LEFT JOIN online_by_cell
  ON online_by_cell.account_id = cells.account_id
  AND online_by_cell.weekday = cells.weekday
  AND online_by_cell.hour = cells.hour
