-- base: for what was provided, all actions of closed cases with enhanced support; for the outcomes, the times that the
-- same action was provided. Actions are not cases: a case can have any number of them.
WITH tall AS (
  SELECT
    p.id AS period,
    'enhanced' AS population,
    l.code AS category,
    l.sort,
    l.code = l.parent || ' / provided' AS is_provided,
    coalesce(
      CASE l.code
        WHEN l.parent || ' / provided' THEN s.provided
        WHEN l.parent || ' / positive outcome' THEN s.positive
        ELSE s.negative
      END,
      0
    ) AS count,
    coalesce(s.provided, 0) AS provided
  FROM periods p
  CROSS JOIN list_support_provided l
  LEFT JOIN support_results s ON s.period = p.id AND s.action = l.parent
),
based AS (
  SELECT
    period, population, category, "sort", count,
    CASE WHEN is_provided THEN sum(count) OVER (PARTITION BY period, is_provided) ELSE provided END AS base
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
