{#- The time zone of an account: setting instagram_timezones, or else instagram_timezone. -#}
{%- macro instagram_zone(account_id='account_id') -%}
  {%- set zones = var('instagram_timezones') -%}
  {%- if zones -%}
    CASE {{ account_id }}
    {%- for id, zone in zones.items() %} WHEN '{{ id }}' THEN '{{ zone }}'{% endfor %}
    ELSE '{{ var('instagram_timezone') }}' END
  {%- else -%}
    '{{ var('instagram_timezone') }}'
  {%- endif -%}
{%- endmacro -%}

{#-
  One part of a metric of a day, in a query over stg_instagram__account_insights_breakdowns that is
  grouped by account and day.

  Meta leaves out parts with the value 0. So a missing part is 0 if Meta gave other parts of the same
  split, and NULL if it gave none.
-#}
{%- macro instagram_part(metric, breakdown, dimension) -%}
  {%- set of_split = "metric = '" ~ metric ~ "' AND breakdown = '" ~ breakdown ~ "'" -%}
  IF(
    COUNTIF({{ of_split }}) > 0,
    SUM(IF({{ of_split }} AND breakdown_value = '{{ dimension }}', value, 0)),
    NULL
  )
{%- endmacro -%}

{#- The sum of all parts of a split that are not named; NULL if Meta gave no part. -#}
{%- macro instagram_other_parts(metric, breakdown, dimensions) -%}
  {%- set of_split = "metric = '" ~ metric ~ "' AND breakdown = '" ~ breakdown ~ "'" -%}
  IF(
    COUNTIF({{ of_split }}) > 0,
    SUM(IF({{ of_split }} AND breakdown_value NOT IN ('{{ dimensions | join("', '") }}'), value, 0)),
    NULL
  )
{%- endmacro -%}

{#- The order of readings: the hours from 1970 to the hour of a reading, UTC. -#}
{%- macro instagram_hours() -%}
  UNIX_DATE(snapshot_date) * 24 + hour
{%- endmacro -%}

{#- The latest value of a column in a group of readings: the last one that is not NULL. -#}
{%- macro instagram_latest(name) -%}
  ANY_VALUE({{ name }} HAVING MAX IF({{ name }} IS NULL, NULL, {{ instagram_hours() }}))
{%- endmacro -%}

{#- What kind of content a media is. -#}
{%- macro instagram_content_type(product='media_product_type', type='media_type') -%}
  CASE
    WHEN {{ product }} = 'AD' THEN 'Ad'
    WHEN {{ product }} = 'REELS' THEN 'Reel'
    WHEN {{ type }} = 'CAROUSEL_ALBUM' THEN 'Carousel'
    WHEN {{ type }} = 'IMAGE' THEN 'Image'
    WHEN {{ type }} = 'VIDEO' THEN 'Video'
  END
{%- endmacro -%}

{#- 1 for Monday to 7 for Sunday. BigQuery itself counts from 1 for Sunday. -#}
{%- macro instagram_weekday(date) -%}
  MOD(EXTRACT(DAYOFWEEK FROM {{ date }}) + 5, 7) + 1
{%- endmacro -%}

{#- The sum of a column; NULL if a row has no value, because the sum would then say too little. -#}
{%- macro instagram_whole_sum(name) -%}
  IF(COUNT({{ name }}) = COUNT(*), SUM({{ name }}), NULL)
{%- endmacro -%}

{#- A TIMESTAMP as DATETIME in a time zone, in a form that an emulator of BigQuery understands too. -#}
{%- macro instagram_local_time(moment, timezone) -%}
  CAST(FORMAT_TIMESTAMP('%Y-%m-%d %H:%M:%S', {{ moment }}, {{ timezone }}) AS DATETIME)
{%- endmacro -%}

{#- The Monday of the week of a date. -#}
{%- macro instagram_week(date) -%}
  DATE_SUB({{ date }}, INTERVAL MOD(EXTRACT(DAYOFWEEK FROM {{ date }}) + 5, 7) DAY)
{%- endmacro -%}

{#- The configuration of a model that compares many rows: a view, or a table if the user wants it. -#}
{%- macro instagram_heavy() -%}
  {%- if var('instagram_heavy_models_as_tables') -%}
    {{ return({'materialized': 'table', 'cluster_by': ['account_id']}) }}
  {%- endif -%}
  {{ return({'materialized': 'view'}) }}
{%- endmacro -%}
