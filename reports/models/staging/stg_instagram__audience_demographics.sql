{%- do source('instagram', 'audience_demographics') -%}
{{ instagram_rows('audience_demographics') }}
