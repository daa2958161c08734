WITH newest_history AS (
  SELECT *
  FROM {{ ref('stg_instagram__account_history') }}
  WHERE account_id IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY date DESC) = 1
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
  history.date AS read_on,
  {{ instagram_zone('COALESCE(accounts.id, history.account_id)') }} AS timezone
FROM {{ ref('stg_instagram__accounts') }} AS accounts
FULL OUTER JOIN newest_history AS history ON history.account_id = accounts.id
