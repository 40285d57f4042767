{# Keys are noted first; then only rows come whose keys may be there more than once. A count over a whole group would be made
   of all groups in memory: the place from either end says as much and streams. #}
SELECT r."_row" AS "_row", concat_ws('|', {% for c in columns %}replace(replace(CAST(r.{{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'){% if not loop.last %}, {% endif %}{% endfor %}) AS "_group",
  r."_first" AS "_first", r."_first_line" AS "_first_line", r."_place" AS "_place", r."_size" AS "_size"
FROM (
  SELECT "_row"{% for c in columns %}, {{ c|ident }}{% endfor %},
    first_value("_row") OVER w AS "_first", first_value("_line") OVER w AS "_first_line",
    CAST(row_number() OVER w AS BIGINT) AS "_place",
    CAST(row_number() OVER w + row_number() OVER back - 1 AS BIGINT) AS "_size"
  FROM {{ table|ident }}
  WHERE {% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}
    {%- if only_where is not none %} AND ({{ only_where|author }}){% endif %}
    AND _repeated({% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %})
  WINDOW
    w AS (PARTITION BY {% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %} ORDER BY "_row" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    back AS (PARTITION BY {% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %} ORDER BY "_row" DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
) r
WHERE r."_size" > 1
