-- base: closed cases of the period.
WITH counted AS (
  SELECT
    period,
    month AS category,
    count(*) AS count
  FROM case_facts
  GROUP BY period, month
),
tall AS (
  SELECT p.id AS period, 'closed' AS population, l.code AS category, l.sort, coalesce(c.count, 0) AS count
  FROM periods p
  CROSS JOIN list_month l
  LEFT JOIN counted c ON c.period = p.id AND c.category = l.code
),
based AS (
  SELECT period, population, category, "sort", count, sum(count) OVER (PARTITION BY period, population) AS base
  FROM tall
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
