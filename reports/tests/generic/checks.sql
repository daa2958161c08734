{#-
  Fails for each kind of fault that rows of a model have, and says how many rows have it.

  One query looks for all faults, because BigQuery bills each query for at least 10 MB of each table.
  With the variable instagram_check_days it looks only at rows from that many days back, in models
  that have a date.

  key: columns of which each row has other values, and no NULL.
  date: expression for the date of a row.
  parent, parent_key: the model in which each value of a column occurs, and that column.
  ranges: lowest and, if there is one, highest value of columns; NULL passes.
  values: all values of columns; NULL passes.
-#}
{% test instagram_checks(model, key, date=none, parent=none, parent_key='account_id', ranges={}, values={}) %}
{%- set days = var('instagram_check_days') -%}
{%- set checked = key + ranges.keys() | list + values.keys() | list -%}
WITH checked_rows AS (
  SELECT
    {{ checked | unique | join(',\n    ') }},
    COUNT(*) OVER (PARTITION BY {{ key | join(', ') }}) AS rows_of_key,
    {% if parent -%}
    {{ parent_key }} IN (SELECT parent.{{ parent_key }} FROM {{ parent }} AS parent) AS has_parent
    {%- else -%}
    TRUE AS has_parent
    {%- endif %}
  FROM {{ model }}
  {%- if date and days %}
  WHERE {{ date }} >= DATE_SUB(CURRENT_DATE(), INTERVAL {{ days }} DAY)
  {%- endif %}
)
SELECT fault, COUNT(*) AS number_of_rows
FROM (
  SELECT
    CASE
      WHEN {{ key | join(' IS NULL OR ') }} IS NULL THEN 'a NULL in the key'
      WHEN rows_of_key > 1 THEN 'a key that comes twice'
      WHEN NOT has_parent THEN 'a row without its parent'
      {%- for column, range in ranges.items() %}
      WHEN {{ column }} < {{ range[0] }}
      {%- if range | length > 1 %} OR {{ column }} > {{ range[1] }}{% endif %} THEN '{{ column }}'
      {%- endfor %}
      {%- for column, allowed in values.items() %}
      WHEN {{ column }} NOT IN ('{{ allowed | join("', '") }}') THEN '{{ column }}'
      {%- endfor %}
    END AS fault
  FROM checked_rows
)
WHERE fault IS NOT NULL
GROUP BY fault
{% endtest %}
