-- base: closed cases of the period that received enhanced support; each is in one level of each need at each stage,
-- and in Not Recorded where no level was recorded.
WITH enhanced AS (
  SELECT p.id AS period, count(f.case_ref) AS cases
  FROM periods p
  LEFT JOIN case_facts f ON f.period = p.id AND f.enhanced
  GROUP BY p.id
),
recorded AS (
  SELECT
    e.period,
    a.code AS need_area,
    a.sort AS need_sort,
    m.code AS measure,
    m.sort AS measure_sort,
    m.parent AS stage,
    n.cases,
    e.cases AS base
  FROM enhanced e
  CROSS JOIN list_need_area a
  CROSS JOIN list_need_measure m
  LEFT JOIN need_levels n ON n.period = e.period AND n.need_area = a.code AND n.level || ' / ' || n.stage = m.code
),
tall AS (
  SELECT
    period,
    'enhanced' AS population,
    need_area || ' / ' || measure AS category,
    need_sort * 100 + measure_sort AS "sort",
    CASE
      WHEN measure = 'Not Recorded / ' || stage THEN base - coalesce(sum(cases) OVER (PARTITION BY period, need_area, stage), 0)
      ELSE coalesce(cases, 0)
    END AS count,
    base
  FROM recorded
)
SELECT
  period,
  population,
  category,
  "sort",
  count,
  base,
  CAST(count AS DOUBLE) / nullif(base, 0) AS share
FROM tall
ORDER BY period, population, "sort"
