{%- do source('instagram', 'accounts') -%}
{{ instagram_rows('accounts') }}
