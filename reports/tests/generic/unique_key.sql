{#- Fails for each combination of these columns that more than one row has, and for NULL in them. -#}
{% test instagram_unique_key(model, columns) %}
SELECT {{ columns | join(', ') }}, COUNT(*) AS number_of_rows
FROM {{ model }}
GROUP BY {{ columns | join(', ') }}
HAVING COUNT(*) > 1 OR {{ columns | join(' IS NULL OR ') }} IS NULL
{% endtest %}
