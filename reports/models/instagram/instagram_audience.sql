-- A split that was read twice on a date is that of its last reading.
WITH last_readings AS (
  SELECT demographics.*
  FROM {{ ref('stg_instagram__audience_demographics') }} AS demographics
  WHERE demographics.account_id IS NOT NULL
  QUALIFY demographics.hour = MAX(demographics.hour) OVER (
    PARTITION BY
      demographics.account_id,
      demographics.snapshot_date,
      demographics.metric,
      demographics.timeframe,
      demographics.breakdown
  )
),
parts AS (
  SELECT
    account_id,
    snapshot_date,
    CASE metric
      WHEN 'follower_demographics' THEN 'followers'
      WHEN 'engaged_audience_demographics' THEN 'engaged'
      ELSE metric
    END AS audience,
    timeframe,
    CASE breakdown WHEN 'age,gender' THEN 'age and gender' ELSE breakdown END AS dimension,
    {{ instagram_key_part('age') }} AS age,
    {{ instagram_key_part('gender') }} AS gender,
    {{ instagram_key_part('city') }} AS city,
    {{ instagram_key_part('country') }} AS country,
    CASE breakdown
      WHEN 'city' THEN city
      WHEN 'country' THEN country
      ELSE CONCAT(age, ' ', gender)
    END AS part,
    value
  FROM last_readings
)
SELECT
  parts.account_id,
  accounts.username,
  parts.snapshot_date,
  parts.audience,
  parts.timeframe,
  parts.dimension,
  parts.part,
  parts.age,
  parts.gender,
  parts.city,
  parts.country,
  parts.value,
  SUM(IF(parts.dimension = 'age and gender', parts.value, NULL)) OVER of_reading
    AS value_of_all,
  SAFE_DIVIDE(
    parts.value,
    SUM(IF(parts.dimension = 'age and gender', parts.value, NULL)) OVER of_reading
  ) AS share,
  parts.snapshot_date = MAX(parts.snapshot_date) OVER (
    PARTITION BY parts.account_id, parts.audience, parts.timeframe, parts.dimension
  ) AS is_latest
FROM parts
LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = parts.account_id
WINDOW of_reading AS (
  PARTITION BY parts.account_id, parts.snapshot_date, parts.audience, parts.timeframe
)
