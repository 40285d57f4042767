-- base: closed cases of the same month, so that the share is the part of them that received enhanced support.
WITH counted AS (
  SELECT
    period,
    month AS category,
    count(*) AS closed,
    count(*) FILTER (WHERE enhanced) AS enhanced
  FROM case_facts
  GROUP BY period, month
),
wide AS (
  SELECT
    p.id AS period, l.code AS category, l.sort,
    coalesce(c.closed, 0) AS closed,
    coalesce(c.enhanced, 0) AS enhanced
  FROM periods p
  CROSS JOIN list_month l
  LEFT JOIN counted c ON c.period = p.id AND c.category = l.code
),
based AS (
  SELECT period, 'enhanced' AS population, category, "sort", enhanced AS count, closed AS base
  FROM wide
)
SELECT
  period,
  population,
  category,
  "sort",
  count,
  base,
  CAST(count AS DOUBLE) / nullif(base, 0) AS share
FROM based
ORDER BY period, population, "sort"
