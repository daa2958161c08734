{%- do source('instagram', 'stories') -%}
{{ instagram_rows('stories') }}
