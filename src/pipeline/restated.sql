{# Each row of the one side beside the row of the other with the same key; of several with one key the first beside the
   first. Only what differs comes out. All conditions of the join are alike, so that it sorts and can spill. #}
WITH
{% for side in ["earlier", "later"] -%}
{{ side|ident }} AS (
  SELECT {% for c in columns %}{{ c|ident }}, {% endfor %}"_file", "_line", row_number() OVER (
    PARTITION BY {% for c in key %}{{ c|ident }}{% if not loop.last %}, {% endif %}{% endfor %}
    ORDER BY "_file", "_row") AS "_n"
  FROM {{ ("of_" ~ side)|ident }}
){% if not loop.last %},{% endif %}
{% endfor -%}
SELECT
  {% for side in ["earlier", "later"] -%}
  {{ side|ident }}."_n" IS NOT NULL AS {{ (side ~ "_there")|ident }}, {{ side|ident }}."_file" AS {{ (side ~ "_file")|ident }}, {{ side|ident }}."_line" AS {{ (side ~ "_line")|ident }},
  {% for c in columns %}{{ side|ident }}.{{ c|ident }} AS {{ (side ~ "_" ~ loop.index0)|ident }}, {% endfor %}
  {% endfor -%}
  coalesce("later"."_n", "earlier"."_n") AS "_n"
FROM "earlier" FULL JOIN "later"
  ON {% for c in key %}("earlier".{{ c|ident }} IS NOT DISTINCT FROM "later".{{ c|ident }}) AND {% endfor %}("earlier"."_n" IS NOT DISTINCT FROM "later"."_n")
WHERE "earlier"."_n" IS NULL OR "later"."_n" IS NULL
  {%- for c in columns %} OR ("earlier".{{ c|ident }} IS DISTINCT FROM "later".{{ c|ident }}){% endfor %}
ORDER BY {% for c in key %}coalesce("later".{{ c|ident }}, "earlier".{{ c|ident }}), {% endfor %}coalesce("later"."_n", "earlier"."_n")
