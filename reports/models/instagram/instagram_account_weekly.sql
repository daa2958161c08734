{%- set sums = [
  'views', 'total_interactions', 'likes', 'comments', 'shares', 'saves', 'replies', 'reposts',
  'profile_views', 'profile_links_taps', 'website_clicks', 'follows', 'unfollows', 'net_follows'
] -%}
WITH weeks AS (
  SELECT
    account_id,
    ANY_VALUE(username) AS username,
    week,
    COUNT(*) AS days_read,
    COUNT(*) = 7 AS is_whole,
    COUNTIF(is_final) = 7 AS is_final,
    MAX(IF(date = DATE_ADD(week, INTERVAL 6 DAY), reach_7d, NULL)) AS reach,
    {%- for name in sums %}
    {{ instagram_whole_sum(name) }} AS {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('instagram_account_daily') }}
  GROUP BY account_id, week
),
followers AS (
  SELECT
    account_id,
    {{ instagram_week("date") }} AS week,
    MAX(IF({{ instagram_weekday('date') }} = 7, followers, NULL)) AS followers
  FROM {{ ref('instagram_follower_growth') }}
  GROUP BY account_id, week
),
posts AS (
  SELECT
    account_id,
    {{ instagram_week("DATE(timestamp, 'America/Los_Angeles')") }} AS week,
    COUNT(*) AS posts
  FROM {{ ref('stg_instagram__media') }}
  GROUP BY account_id, week
),
stories AS (
  SELECT
    account_id,
    {{ instagram_week("DATE(timestamp, 'America/Los_Angeles')") }} AS week,
    COUNT(*) AS stories
  FROM {{ ref('stg_instagram__stories') }}
  GROUP BY account_id, week
),
-- Stories that ended before the first reading of an account were never seen.
stories_seen AS (
  SELECT account_id, MIN(week) AS first_week FROM stories GROUP BY account_id
),
numbers AS (
  SELECT
    weeks.*,
    followers.followers,
    IF((SELECT COUNT(*) FROM posts) > 0, COALESCE(posts.posts, 0), NULL) AS posts,
    IF(weeks.week >= stories_seen.first_week, COALESCE(stories.stories, 0), NULL) AS stories
  FROM weeks
  LEFT JOIN followers ON followers.account_id = weeks.account_id AND followers.week = weeks.week
  LEFT JOIN posts ON posts.account_id = weeks.account_id AND posts.week = weeks.week
  LEFT JOIN stories ON stories.account_id = weeks.account_id AND stories.week = weeks.week
  LEFT JOIN stories_seen ON stories_seen.account_id = weeks.account_id
),
before AS (
  SELECT
    numbers.*,
    is_whole
      AND LAG(is_whole) OVER by_week
      AND LAG(week) OVER by_week = DATE_SUB(week, INTERVAL 7 DAY) AS is_comparable,
    {%- for name in ['followers', 'reach'] + sums + ['posts', 'stories'] %}
    LAG({{ name }}) OVER by_week AS {{ name }}_before{{ ',' if not loop.last }}
    {%- endfor %}
  FROM numbers
  WINDOW by_week AS (PARTITION BY account_id ORDER BY week)
)
SELECT
  account_id,
  username,
  week,
  days_read,
  is_whole,
  is_final,
  followers,
  reach,
  {%- for name in sums %}
  {{ name }},
  {%- endfor %}
  posts,
  stories,
  {%- for name in ['followers', 'reach'] + sums + ['posts', 'stories'] %}
  IF(is_comparable, {{ name }} - {{ name }}_before, NULL) AS {{ name }}_change{{ ',' if not loop.last }}
  {%- endfor %}
FROM before
