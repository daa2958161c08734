-- The 20 posts that reached the most accounts, with the share of interactions in their reach.
SELECT
  media.username,
  media.permalink,
  insights.reach,
  insights.views,
  insights.total_interactions,
  SAFE_DIVIDE(insights.total_interactions, insights.reach) AS engagement_rate
FROM instagram.media_insights AS insights
JOIN instagram.media AS media ON media.id = insights.media_id
ORDER BY insights.reach DESC
LIMIT 20
