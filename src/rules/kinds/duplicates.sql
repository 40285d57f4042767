SELECT n."_row" AS "_row", n."_peer" AS "_peer"
FROM (
  SELECT r."_row" AS "_row",
    first_value(r."_row") OVER w AS "_peer",
    row_number() OVER w AS "_place"
  FROM {{ table|ident }} r
  JOIN (
    SELECT {% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
    FROM {{ table|ident }}
    WHERE {% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}
    {%- if only_where is not none %} AND ({{ only_where|author }}){% endif %}
    GROUP BY {% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
    HAVING count(*) > 1
  ) g ON {% for c in columns %}r.{{ c|ident }} = g.{{ c|ident }}{% if not loop.last %} AND {% endif %}{% endfor %}
  WINDOW w AS (
    PARTITION BY {% for c in columns %}r.{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
    ORDER BY {% for c in order_by %}r.{{ c|ident }}, {% endfor %}r."_row"
  )
) n
WHERE n."_place" > 1
