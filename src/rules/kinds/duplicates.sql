{# As in unique.sql: keys are noted first, and who reads the rows counts how many a group has. #}
SELECT "_row",
  concat_ws('|', {% for c in columns %}replace(replace(CAST({{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'){% if not loop.last %}, {% endif %}{% endfor %}) AS "_group",
  first_value(concat_ws('|', {% for c in key %}coalesce(replace(replace(CAST({{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'), ''){% if not loop.last %}, {% endif %}{% endfor %})) OVER w AS "_survivor",
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
