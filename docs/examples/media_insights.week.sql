-- Views per week (Monday to Sunday, UTC) of each media: the last reading of the week minus the last
-- reading before the week. NULL where no reading is old enough to say how many views are new.
WITH last_readings AS (
  SELECT
    account_id,
    media_id,
    snapshot_date,
    DATE_TRUNC(snapshot_date, WEEK(MONDAY)) AS week,
    views
  FROM instagram.media_insights AS insights
  WHERE views IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY media_id, DATE_TRUNC(snapshot_date, WEEK(MONDAY))
    ORDER BY snapshot_date DESC, hour DESC
  ) = 1
)
SELECT
  readings.account_id,
  readings.media_id,
  media.permalink,
  readings.week,
  readings.views - COALESCE(
    LAG(readings.views) OVER (PARTITION BY readings.media_id ORDER BY readings.week),
    IF(DATE(media.timestamp) >= readings.week, 0, NULL)  -- posted in this week: all views are new
  ) AS views_gained,
  DATE_DIFF(
    readings.snapshot_date,
    LAG(readings.snapshot_date) OVER (PARTITION BY readings.media_id ORDER BY readings.week),
    DAY
  ) AS days_between_readings
FROM last_readings AS readings
JOIN instagram.media AS media ON media.id = readings.media_id
ORDER BY week, views_gained DESC
