WITH latest AS (
  SELECT
    account_id,
    MAX(read_at) AS last_read_at,
    {%- for name in ['username', 'followers_count', 'follows_count', 'media_count'] %}
    {{ instagram_latest(name) }} AS {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  FROM {{ ref('stg_instagram__account_history') }} AS history
  GROUP BY account_id
)
SELECT
  COALESCE(accounts.id, history.account_id) AS account_id,
  COALESCE(accounts.username, history.username) AS username,
  accounts.name,
  accounts.biography,
  accounts.website,
  accounts.profile_picture_url,
  COALESCE(accounts.followers_count, history.followers_count) AS followers,
  COALESCE(accounts.follows_count, history.follows_count) AS follows_count,
  COALESCE(accounts.media_count, history.media_count) AS media_count,
  accounts.account_type,
  accounts.page_id,
  accounts.page_name,
  COALESCE(accounts.read_at, history.last_read_at) AS read_at,
  {{ instagram_zone('COALESCE(accounts.id, history.account_id)') }} AS timezone
FROM {{ ref('stg_instagram__accounts') }} AS accounts
FULL OUTER JOIN latest AS history ON history.account_id = accounts.id
