-- base: closed cases of the period; for the enhanced population, those of them that received enhanced support.
WITH counted AS (
  SELECT
    period,
    area,
    count(*) AS closed,
    count(*) FILTER (WHERE enhanced) AS enhanced
  FROM case_facts
  GROUP BY period, area
),
grouped AS (
  SELECT c.period, a.parent AS category, sum(c.closed) AS closed, sum(c.enhanced) AS enhanced
  FROM counted c
  JOIN list_areas a ON a.code = c.area
  GROUP BY c.period, a.parent
),
tall AS (
  SELECT
    p.id AS period,
    w.population,
    l.code AS category,
    l.sort,
    coalesce(CASE w.population WHEN 'closed' THEN g.closed ELSE g.enhanced END, 0) AS count
  FROM periods p
  CROSS JOIN (VALUES ('closed'), ('enhanced')) AS w (population)
  CROSS JOIN list_area_group l
  LEFT JOIN grouped g ON g.period = p.id AND g.category = l.code
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
