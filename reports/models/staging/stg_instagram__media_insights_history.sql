{%- do source('instagram', 'media_insights_history') -%}
{{ instagram_rows('media_insights_history') }}
