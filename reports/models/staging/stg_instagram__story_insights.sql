{%- do source('instagram', 'story_insights') -%}
{{ instagram_rows('story_insights') }}
