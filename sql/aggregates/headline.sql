-- base: the population itself; for enhanced support the closed cases of the period.
WITH referred AS (
  SELECT period, count(*) AS count
  FROM referral_facts
  GROUP BY period
),
closed AS (
  SELECT period, count(*) AS count, count(*) FILTER (WHERE enhanced) AS enhanced
  FROM case_facts
  GROUP BY period
),
tall AS (
  SELECT
    p.id AS period,
    l.parent AS population,
    l.code AS category,
    l.sort,
    coalesce(CASE l.parent WHEN 'referred' THEN r.count WHEN 'closed' THEN c.count ELSE c.enhanced END, 0) AS count,
    coalesce(CASE l.parent WHEN 'referred' THEN r.count ELSE c.count END, 0) AS base
  FROM periods p
  CROSS JOIN list_headline l
  LEFT JOIN referred r ON r.period = p.id
  LEFT JOIN closed c ON c.period = p.id
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
