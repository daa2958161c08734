{#-
  The rows of a table that the loader has filled, with all columns that are documented.

  A table or a column that was never loaded, because it is not selected, gives NULLs of the
  documented type, so that every model can be built.

  table: name of the table.
-#}
{%- macro instagram_rows(table) -%}
  {%- if execute -%}
    {%- set types = instagram_column_types(table) -%}
    {%- set database = var('instagram_database', target.database) -%}
    {%- set schema = var('instagram_schema', env_var('TARGET_BIGQUERY_DATASET', 'instagram')) -%}
    {%- set relation = adapter.get_relation(database, schema, table) -%}
    {%- set loaded = [] -%}
    {%- if relation -%}
      {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do loaded.append(column.name) -%}
      {%- endfor -%}
    {%- endif -%}
    SELECT
    {%- for name, type in types.items() %}
      {% if name in loaded %}table_rows.{{ adapter.quote(name) }}{% else %}CAST(NULL AS {{ type }}) AS {{ adapter.quote(name) }}{% endif %}{{ ',' if not loop.last }}
    {%- endfor %}
    {% if relation -%}
    FROM {{ relation }} AS table_rows
    {%- else -%}
    FROM (SELECT 1) WHERE FALSE
    {%- endif -%}
  {%- else -%}
    SELECT 1
  {%- endif -%}
{%- endmacro -%}

{#- The documented columns of a table with their types, as the sources declare them. -#}
{%- macro instagram_column_types(table) -%}
  {%- set types = {} -%}
  {%- for node in graph.sources.values() if node.source_name == 'instagram' and node.name == table -%}
    {%- for name, column in node.columns.items() -%}
      {%- do types.update({name: column.data_type}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(types) }}
{%- endmacro -%}

{#- A part of a key; NULL where it does not apply to the row, which the tables write as '-'. -#}
{%- macro instagram_key_part(column) -%}
NULLIF({{ column }}, '-')
{%- endmacro -%}
