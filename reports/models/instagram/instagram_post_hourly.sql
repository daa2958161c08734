{{ config(**instagram_heavy()) }}
WITH readings AS (
  SELECT post_readings.* FROM {{ ref('stg_instagram__post_readings') }} AS post_readings
),
{{ instagram_compared_readings('snapshot_date, hour', 'read_at') }}
SELECT
  compared.media_id,
  compared.account_id,
  compared.username,
  compared.content_type,
  compared.posted_at,
  compared.snapshot_date,
  compared.hour,
  compared.read_at,
  TIMESTAMP_DIFF(compared.read_at, compared.posted_at, SECOND) / 3600 AS hours_since_posted,
  compared.has_insights,
  CASE
    WHEN NOT compared.has_insights THEN NULL
    WHEN compared.previous_read IS NOT NULL
      THEN TIMESTAMP_DIFF(compared.read_at, compared.previous_read, SECOND) / 3600
    WHEN compared.is_watched_from_the_beginning
      THEN TIMESTAMP_DIFF(compared.read_at, compared.posted_at, SECOND) / 3600
  END AS hours_covered,
  {{- instagram_counters_and_gains() }}
FROM compared
WHERE compared.read_at < TIMESTAMP_ADD(compared.posted_at, INTERVAL 168 HOUR)
