-- base: closed cases of the period with enhanced support and both dates of support; a length beyond the last band is
-- in no category and not in the base.
WITH counted AS (
  SELECT
    period,
    length_band AS category,
    count(*) AS count
  FROM case_facts
  WHERE length_band IS NOT NULL
  GROUP BY period, length_band
),
tall AS (
  SELECT p.id AS period, 'enhanced' AS population, l.code AS category, l.sort, coalesce(c.count, 0) AS count
  FROM periods p
  CROSS JOIN list_length_band l
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
