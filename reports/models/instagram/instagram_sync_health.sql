{%- set reasons = [
  'meta_error', 'rate_limited', 'permission', 'retired', 'empty', 'unplaced', 'unsupported',
  'gone', 'before_conversion', 'too_few_viewers', 'too_few_followers'
] -%}
{#- With these reasons a later run, or somebody's help, can bring the number. -#}
{%- set repairable = ['meta_error', 'rate_limited', 'permission', 'unplaced'] -%}
WITH days AS (
  SELECT
    account_id,
    MAX(date) AS last_day,
    COUNTIF(NOT is_final) AS days_not_final
  FROM {{ ref('stg_instagram__account_insights') }}
  GROUP BY account_id
),
gaps AS (
  SELECT
    account_id,
    COUNT(*) AS gaps_7d,
    COUNTIF(reason IN ('{{ repairable | join("', '") }}')) AS repairable_gaps_7d,
    {%- for reason in reasons %}
    COUNTIF(reason = '{{ reason }}') AS gaps_7d_{{ reason }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('stg_instagram__insight_gaps') }}
  WHERE last_date > DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY)
  GROUP BY account_id
),
facts AS (
  SELECT
    accounts.account_id,
    accounts.username,
    days.last_day,
    accounts.read_at,
    TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), accounts.read_at, HOUR) AS age_hours,
    COALESCE(days.days_not_final, 0) AS days_not_final,
    COALESCE(gaps.gaps_7d, 0) AS gaps_7d,
    COALESCE(gaps.repairable_gaps_7d, 0) AS repairable_gaps_7d,
    {%- for reason in reasons %}
    COALESCE(gaps.gaps_7d_{{ reason }}, 0) AS gaps_7d_{{ reason }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('instagram_accounts') }} AS accounts
  LEFT JOIN days ON days.account_id = accounts.account_id
  LEFT JOIN gaps ON gaps.account_id = accounts.account_id
)
SELECT
  facts.*,
  CASE
    WHEN age_hours IS NULL THEN 'unknown'
    WHEN age_hours > 48 THEN 'late'
    WHEN repairable_gaps_7d > 0 THEN 'gaps'
    ELSE 'good'
  END AS state
FROM facts
