{# Keys are noted first; then only rows come whose keys may be there more than once. The rows of a group come one after the
   other in the order of their places: how many they are is counted by who reads them, since SQL would hold them all for it. #}
SELECT "_row", concat_ws('|', {% for c in columns %}replace(replace(CAST({{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'){% if not loop.last %}, {% endif %}{% endfor %}) AS "_group",
  {%- if key %}
  first_value(concat_ws('|', {% for c in key %}coalesce(replace(replace(CAST({{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'), ''){% if not loop.last %}, {% endif %}{% endfor %})) OVER w AS "_survivor",
  {%- endif %}
  first_value("_row") OVER w AS "_first", first_value("_line") OVER w AS "_first_line", CAST(row_number() OVER w AS BIGINT) AS "_place"
FROM {{ table|ident }}
WHERE {% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}
  {%- if only_where is not none %} AND ({{ only_where|author }}){% endif %}
  AND _repeated({% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %})
WINDOW w AS (
  PARTITION BY {% for c in columns %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
  ORDER BY {% for c in order_by %}{{ c|ident }}{% if last %} DESC{% endif %}, {% endfor %}"_row"{% if last %} DESC{% endif %}
  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
