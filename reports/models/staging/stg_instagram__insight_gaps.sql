{%- do source('instagram', 'insight_gaps') -%}
{#- Without the column last_date, which can be deselected, only the first date is known. -#}
SELECT
  account_id,
  media_id,
  metric,
  reason,
  date AS first_date,
  COALESCE(last_date, date) AS last_date
FROM (
{{ instagram_rows('insight_gaps') }}
)
