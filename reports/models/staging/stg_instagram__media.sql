{%- do source('instagram', 'media') -%}
{{ instagram_rows('media', {'listed_on': 'DATE'}) }}
