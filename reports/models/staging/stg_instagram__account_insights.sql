{%- do source('instagram', 'account_insights') -%}
{{ instagram_rows('account_insights') }}
