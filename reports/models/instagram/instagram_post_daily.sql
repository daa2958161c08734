{{ config(**instagram_heavy()) }}
WITH readings AS (
  SELECT
    media_id,
    snapshot_date,
    ANY_VALUE(account_id) AS account_id,
    LOGICAL_OR(has_insights) AS has_insights,
    {%- for name in ['media_product_type', 'media_type'] + instagram_counters() %}
    {{ instagram_latest(name) }} AS {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('stg_instagram__post_readings') }} AS post_readings
  GROUP BY media_id, snapshot_date
),
{{ instagram_compared_readings('snapshot_date', 'snapshot_date') }}
SELECT
  compared.media_id,
  compared.account_id,
  compared.username,
  compared.content_type,
  compared.posted_at,
  compared.snapshot_date,
  DATE_DIFF(compared.snapshot_date, DATE(compared.posted_at), DAY) AS age_days,
  compared.has_insights,
  CASE
    WHEN NOT compared.has_insights THEN NULL
    WHEN compared.previous_read IS NOT NULL
      THEN DATE_DIFF(compared.snapshot_date, compared.previous_read, DAY)
    WHEN compared.is_watched_from_the_beginning
      THEN DATE_DIFF(compared.snapshot_date, DATE(compared.posted_at), DAY) + 1
  END AS days_covered,
  {{- instagram_counters_and_gains() }}
FROM compared
