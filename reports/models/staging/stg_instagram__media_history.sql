{%- do source('instagram', 'media_history') -%}
{{ instagram_rows('media_history') }}
