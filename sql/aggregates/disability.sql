-- base: closed cases of the period; for the enhanced population, those of them that received enhanced support.
WITH counted AS (
  SELECT
    period,
    disability AS category,
    count(*) AS closed,
    count(*) FILTER (WHERE enhanced) AS enhanced
  FROM case_facts
  GROUP BY period, disability
),
tall AS (
  SELECT
    p.id AS period,
    w.population,
    l.code AS category,
    l.sort,
    coalesce(CASE w.population WHEN 'closed' THEN c.closed ELSE c.enhanced END, 0) AS count
  FROM periods p
  CROSS JOIN (VALUES ('closed'), ('enhanced')) AS w (population)
  CROSS JOIN list_disability l
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
