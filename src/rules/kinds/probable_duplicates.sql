{# The rows in the order of their keys, so that no order of the files decides which is the earlier; each with what is compared of it. #}
SELECT r."_row" AS "_row", r."_line" AS "_line",
  concat_ws('|', {% for c in key %}coalesce(replace(replace(CAST(r.{{ c|ident }} AS VARCHAR), '\', '\\'), '|', '\|'), ''){% if not loop.last %}, {% endif %}{% endfor %}) AS "_group"
  {%- for c in columns %}, CAST(r.{{ c|ident }} AS VARCHAR) AS "_field_{{ loop.index0|number }}"{% endfor %}
FROM {{ table|ident }} r
{%- if only_where is not none %}
WHERE ({{ only_where|author }})
{%- endif %}
ORDER BY "_group"{% for c in columns %}, "_field_{{ loop.index0|number }}"{% endfor %}, "_row"
