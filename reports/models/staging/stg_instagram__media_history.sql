{#- Not a declared source, because not every version of the tap has this table. -#}
{{ instagram_rows('media_history', {
  'account_id': 'STRING',
  'media_id': 'STRING',
  'date': 'DATE',
  'like_count': 'INT64',
  'comments_count': 'INT64',
  'shares_count': 'INT64',
  'reposts_count': 'INT64',
  'total_like_count': 'INT64',
  'total_comments_count': 'INT64',
  'total_views_count': 'INT64',
}) }}
