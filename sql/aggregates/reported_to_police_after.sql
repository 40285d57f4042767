-- base: closed cases of the period in which the question was answered (enhanced: those with enhanced support); it is
-- put to self-referrals only. A blank answer is in no category and not in the base.
WITH counted AS (
  SELECT
    period,
    reported_after AS category,
    count(*) AS closed,
    count(*) FILTER (WHERE enhanced) AS enhanced
  FROM case_facts
  WHERE reported_after IS NOT NULL
  GROUP BY period, reported_after
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
  CROSS JOIN list_yes_no_na l
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
