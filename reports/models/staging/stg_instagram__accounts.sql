{%- do source('instagram', 'accounts') -%}
{{ instagram_rows('accounts', {'_sdc_extracted_at': 'TIMESTAMP'}) }}
