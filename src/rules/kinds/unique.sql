SELECT r."_row" AS "_row", concat_ws('|', {% for c in columns %}CAST(r.{{ c|ident }} AS VARCHAR){% if not loop.last %}, {% endif %}{% endfor %}) AS "_group"
FROM (
  SELECT {% for c in columns %}{{ c|ident }}, {% endfor %}min("_row") AS "_first"
  FROM {{ table|ident }}
  WHERE {% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}
  {%- if only_where is not none %} AND ({{ only_where|author }}){% endif %}
  GROUP BY {% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
  HAVING count(*) > 1
) g
JOIN {{ table|ident }} r ON {% for c in columns %}r.{{ c|ident }} = g.{{ c|ident }}{% if not loop.last %} AND {% endif %}{% endfor %}
WHERE r."_row" > g."_first"
