{%- do source('instagram', 'insight_gaps') -%}
{#- Rows of older versions of the tap are about one date each, and have no last_date. -#}
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
