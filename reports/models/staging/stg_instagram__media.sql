{%- do source('instagram', 'media') -%}
{{ instagram_rows('media') }}
