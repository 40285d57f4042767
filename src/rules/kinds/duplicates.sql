{# As in unique.sql: keys are noted first, and the size of a group is found from both ends. #}
SELECT n."_row" AS "_row", n."_group" AS "_group", n."_first" AS "_first", n."_first_line" AS "_first_line",
  n."_place" AS "_place", n."_size" AS "_size"
FROM (
  SELECT r."_row" AS "_row",
    first_value(concat_ws('|', {% for c in key %}coalesce(replace(replace(CAST(r.{{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'), ''){% if not loop.last %}, {% endif %}{% endfor %})) OVER w AS "_group",
    first_value(r."_row") OVER w AS "_first", first_value(r."_line") OVER w AS "_first_line",
    CAST(row_number() OVER w AS BIGINT) AS "_place",
    CAST(row_number() OVER w + row_number() OVER back - 1 AS BIGINT) AS "_size"
  FROM (
    SELECT "_row", "_line"{% for c in read %}, {{ c|ident }}{% endfor %}
    FROM {{ table|ident }}
    WHERE {% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}
      {%- if only_where is not none %} AND ({{ only_where|author }}){% endif %}
      AND _repeated({% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %})
  ) r
  WINDOW w AS (
    PARTITION BY {% for c in columns %}r.{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
    ORDER BY {% for c in order_by %}r.{{ c|ident }}{% if last %} DESC{% endif %}, {% endfor %}r."_row"{% if last %} DESC{% endif %}
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ), back AS (
    PARTITION BY {% for c in columns %}r.{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
    ORDER BY {% for c in order_by %}r.{{ c|ident }}{% if not last %} DESC{% endif %}, {% endfor %}r."_row"{% if not last %} DESC{% endif %}
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
) n
WHERE n."_size" > 1
