{#- The columns of stg_instagram__post_readings that count something. -#}
{%- macro instagram_counters() -%}
  {{ return([
    'reach', 'views', 'likes', 'comments', 'saves', 'shares', 'reposts', 'total_interactions',
    'follows', 'profile_visits', 'like_count', 'comments_count'
  ]) }}
{%- endmacro -%}

{#-
  Common table expressions that give each row of `readings` the numbers of the reading before it.

  The last of them is `compared`: the columns of `readings`, `previous_…` for each counter, and
  `previous_read`, the value of `read` at the last reading before that has insights.

  order_by: the columns that order the readings of a media.
  read: the column that says when a reading was.
-#}
{%- macro instagram_compared_readings(order_by, read) -%}
-- An account is watched from the first date on which anything of it was read.
watched AS (
  SELECT dates.account_id, MIN(dates.snapshot_date) AS since
  FROM (
    SELECT account_id, snapshot_date FROM {{ ref('stg_instagram__account_history') }}
    UNION ALL
    SELECT account_id, snapshot_date FROM readings
  ) AS dates
  GROUP BY dates.account_id
),
described AS (
  SELECT
    readings.* EXCEPT (media_product_type, media_type),
    accounts.username,
    {{ instagram_content_type(
      'COALESCE(media.media_product_type, readings.media_product_type)',
      'COALESCE(media.media_type, readings.media_type)'
    ) }} AS content_type,
    media.timestamp AS posted_at,
    DATE(media.timestamp) >= watched.since AS is_watched_from_the_beginning
  FROM readings
  LEFT JOIN watched ON watched.account_id = readings.account_id
  LEFT JOIN {{ ref('stg_instagram__media') }} AS media ON media.id = readings.media_id
  LEFT JOIN {{ ref('instagram_accounts') }} AS accounts ON accounts.account_id = readings.account_id
),
compared AS (
  SELECT
    described.*,
    {%- for name in instagram_counters() %}
    LAST_VALUE({{ name }} IGNORE NULLS) OVER earlier AS previous_{{ name }},
    {%- endfor %}
    LAST_VALUE(IF(has_insights, {{ read }}, NULL) IGNORE NULLS) OVER earlier AS previous_read
  FROM described
  WINDOW earlier AS (
    PARTITION BY media_id
    ORDER BY {{ order_by }}
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
)
{%- endmacro -%}

{#- The counters of a row of `compared`, and what each has gained since the reading before. -#}
{%- macro instagram_counters_and_gains() -%}
  {%- for name in instagram_counters() %}
  compared.{{ name }},
  {%- endfor %}
  {%- for name in instagram_counters() %}
  compared.{{ name }} - COALESCE(
    compared.previous_{{ name }}, IF(compared.is_watched_from_the_beginning, 0, NULL)
  ) AS {{ name }}_gained{{ ',' if not loop.last }}
  {%- endfor %}
{%- endmacro -%}
