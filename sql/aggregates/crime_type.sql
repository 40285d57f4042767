-- base: closed cases of the period; for the enhanced population the closed cases of the same category, so that the share
-- is the part of them that received enhanced support.
WITH counted AS (
  SELECT
    period,
    occurrence_type AS category,
    count(*) AS closed,
    count(*) FILTER (WHERE enhanced) AS enhanced
  FROM case_facts
  GROUP BY period, occurrence_type
),
wide AS (
  SELECT
    p.id AS period, l.code AS category, l.sort,
    coalesce(c.closed, 0) AS closed,
    coalesce(c.enhanced, 0) AS enhanced
  FROM periods p
  CROSS JOIN list_occurrence_type l
  LEFT JOIN counted c ON c.period = p.id AND c.category = l.code
),
based AS (
  SELECT
    period, 'closed' AS population, category, "sort", closed AS count,
    sum(closed) OVER (PARTITION BY period) AS base
  FROM wide
  UNION ALL
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
