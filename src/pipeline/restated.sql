{# The rows of both sides: those of one key together, and among them those that are equal, the earlier first. No join: what
   is to be told apart streams by, sorted, and sorts can spill. #}
SELECT {% for c in columns %}{{ c|ident }}, {% endfor %}"_file", "_line", "_later"
FROM (
  SELECT {% for c in columns %}{{ c|ident }}, {% endfor %}"_file", "_line", "_row", FALSE AS "_later" FROM "of_earlier"
  UNION ALL
  SELECT {% for c in columns %}{{ c|ident }}, {% endfor %}"_file", "_line", "_row", TRUE AS "_later" FROM "of_later"
)
ORDER BY {% for c in columns %}{{ c|ident }}, {% endfor %}"_later", "_file", "_row"
