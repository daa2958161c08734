{%- do source('instagram', 'account_insights_breakdowns') -%}
{{ instagram_rows('account_insights_breakdowns') }}
