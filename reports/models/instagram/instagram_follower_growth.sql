WITH readings AS (
  SELECT account_id, MIN(snapshot_date) AS first_date, MAX(snapshot_date) AS last_date
  FROM {{ ref('stg_instagram__followers_by_date') }}
  WHERE followers_count IS NOT NULL
  GROUP BY account_id
),
insights AS (
  SELECT account_id, MIN(date) AS first_date, MAX(date) AS last_date
  FROM {{ ref('stg_instagram__account_insights') }}
  GROUP BY account_id
),
spans AS (
  SELECT
    COALESCE(readings.account_id, insights.account_id) AS account_id,
    readings.first_date AS first_reading,
    LEAST(
      COALESCE(readings.first_date, insights.first_date),
      COALESCE(insights.first_date, readings.first_date)
    ) AS first_date,
    GREATEST(
      COALESCE(readings.last_date, insights.last_date),
      COALESCE(insights.last_date, readings.last_date)
    ) AS last_date
  FROM readings
  FULL OUTER JOIN insights ON insights.account_id = readings.account_id
),
days AS (
  SELECT spans.account_id, spans.first_reading, date
  FROM spans
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(spans.first_date, spans.last_date)) AS date
),
known AS (
  SELECT
    days.account_id,
    days.date,
    days.first_reading,
    history.followers_count AS followers_read,
    insights.follows,
    insights.unfollows,
    insights.follows - insights.unfollows AS net_follows,
    LAST_VALUE(history.followers_count IGNORE NULLS) OVER (
      PARTITION BY days.account_id
      ORDER BY days.date
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS followers_carried
  FROM days
  LEFT JOIN {{ ref('stg_instagram__followers_by_date') }} AS history
    ON history.account_id = days.account_id AND history.snapshot_date = days.date
  LEFT JOIN {{ ref('stg_instagram__account_insights') }} AS insights
    ON insights.account_id = days.account_id AND insights.date = days.date
),
-- The follows of a day are in its followers, so an estimate subtracts those of all later days.
backwards AS (
  SELECT
    known.*,
    COALESCE(SUM(IF(date < first_reading, net_follows, NULL)) OVER later_days, 0)
      AS net_follows_until_reading,
    COALESCE(SUM(IF(date < first_reading AND net_follows IS NULL, 1, 0)) OVER later_days, 0)
      AS unknown_days_until_reading,
    MAX(IF(date = first_reading, followers_read, NULL)) OVER (PARTITION BY account_id)
      AS first_followers
  FROM known
  WINDOW later_days AS (
    PARTITION BY account_id
    ORDER BY date DESC
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),
estimated AS (
  SELECT
    backwards.*,
    CASE
      WHEN followers_read IS NOT NULL THEN 'read'
      WHEN followers_carried IS NOT NULL THEN 'carried'
      WHEN date < first_reading AND unknown_days_until_reading = 0 THEN 'estimated'
    END AS followers_source,
    CASE
      WHEN followers_carried IS NOT NULL THEN followers_carried
      WHEN date < first_reading AND unknown_days_until_reading = 0
        THEN first_followers - net_follows_until_reading
    END AS followers
  FROM backwards
)
SELECT
  estimated.account_id,
  accounts.username,
  estimated.date,
  estimated.followers,
  estimated.followers_source,
  estimated.followers - LAG(estimated.followers, 1) OVER by_day AS change_1d,
  estimated.followers - LAG(estimated.followers, 7) OVER by_day AS change_7d,
  estimated.followers - LAG(estimated.followers, 28) OVER by_day AS change_28d,
  estimated.follows,
  estimated.unfollows,
  estimated.net_follows
FROM estimated
LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = estimated.account_id
WINDOW by_day AS (PARTITION BY estimated.account_id ORDER BY estimated.date)
