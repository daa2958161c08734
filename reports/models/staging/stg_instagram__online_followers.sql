{%- do source('instagram', 'online_followers') -%}
{{ instagram_rows('online_followers') }}
