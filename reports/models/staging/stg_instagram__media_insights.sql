{%- do source('instagram', 'media_insights') -%}
{{ instagram_rows('media_insights') }}
