-- Days whose numbers Meta no longer changes. Views and follows may be added up over days, reach not.
SELECT
  account_id,
  date,
  reach,
  views,
  follows,
  unfollows,
  follows - unfollows AS net_follows
FROM instagram.account_insights
WHERE is_final
ORDER BY account_id, date
