{%- do source('instagram', 'insight_gaps') -%}
{#- Some versions of the tap keep one row for each date, others the first and the last date. -#}
SELECT
  account_id,
  media_id,
  metric,
  reason,
  COALESCE(first_date, date) AS first_date,
  COALESCE(last_date, date) AS last_date
FROM (
{{ instagram_rows('insight_gaps', {'date': 'DATE', 'first_date': 'DATE', 'last_date': 'DATE'}) }}
)
