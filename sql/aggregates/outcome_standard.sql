-- base: closed cases of the period that received standard support.
WITH counted AS (
  SELECT
    period,
    closure_outcome AS category,
    count(*) AS count
  FROM case_facts
  WHERE outcome = 'standard support'
  GROUP BY period, closure_outcome
),
tall AS (
  SELECT p.id AS period, 'standard' AS population, l.code AS category, l.sort, coalesce(c.count, 0) AS count
  FROM periods p
  CROSS JOIN list_outcome_standard l
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
