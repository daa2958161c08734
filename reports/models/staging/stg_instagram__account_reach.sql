{%- do source('instagram', 'account_reach') -%}
{{ instagram_rows('account_reach') }}
