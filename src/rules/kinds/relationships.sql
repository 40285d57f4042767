SELECT c."_row" AS "_row"
FROM {{ table|ident }} c
LEFT ANTI JOIN (
  SELECT {{ to_column|ident }} AS "_to"
  FROM {{ to|ident }}
  {%- if to_where is not none %}
  WHERE {{ to_where|author }}
  {%- endif %}
) p ON c.{{ column|ident }} = p."_to"
WHERE c.{{ column|ident }} IS NOT NULL
