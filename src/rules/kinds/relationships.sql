SELECT c."_row" AS "_row"
FROM {{ table|ident }} c
LEFT ANTI JOIN (
  SELECT {% for c in to_columns %}{{ c|ident }} AS {{ ("_to" ~ loop.index)|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
  FROM {{ to|ident }}
  {%- if to_where is not none %}
  WHERE {{ to_where|author }}
  {%- endif %}
) p ON {% for c in columns %}c.{{ c|ident }} = p.{{ ("_to" ~ loop.index)|ident }}{% if not loop.last %} AND {% endif %}{% endfor %}
WHERE {% for c in columns %}c.{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}
