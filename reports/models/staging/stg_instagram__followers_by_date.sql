{#- The last number of followers of each UTC date on which an account was read. -#}
SELECT
  account_id,
  snapshot_date,
  {{ instagram_latest('followers_count') }} AS followers_count
FROM {{ ref('stg_instagram__account_history') }} AS history
GROUP BY account_id, snapshot_date
