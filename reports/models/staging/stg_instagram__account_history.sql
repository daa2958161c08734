{%- do source('instagram', 'account_history') -%}
{{ instagram_rows('account_history') }}
