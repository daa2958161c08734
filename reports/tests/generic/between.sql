{#- Fails for each value outside of these bounds; NULL passes. -#}
{% test instagram_between(model, column_name, lowest=none, highest=none) %}
SELECT {{ column_name }}
FROM {{ model }}
WHERE FALSE
{%- if lowest is not none %} OR {{ column_name }} < {{ lowest }}{% endif %}
{%- if highest is not none %} OR {{ column_name }} > {{ highest }}{% endif %}
{% endtest %}
