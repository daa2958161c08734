-- Comments that nobody has replied to, the newest first.
SELECT
  comments.media_id,
  comments.timestamp,
  comments.username,
  comments.text
FROM instagram.comments AS comments
LEFT JOIN instagram.comments AS replies ON replies.parent_id = comments.id
WHERE comments.parent_id IS NULL AND replies.id IS NULL
ORDER BY comments.timestamp DESC
