-- base: referrals received in the period; for the closed population the closed cases of the period, for the enhanced
-- one those of them that received enhanced support.
WITH counted AS (
  SELECT period, 'referred' AS population, source AS category, count(*) AS count
  FROM referral_facts
  GROUP BY period, source
  UNION ALL
  SELECT period, 'closed' AS population, source AS category, count(*) AS count
  FROM case_facts
  GROUP BY period, source
  UNION ALL
  SELECT period, 'enhanced' AS population, source AS category, count(*) AS count
  FROM case_facts
  WHERE enhanced
  GROUP BY period, source
),
tall AS (
  SELECT p.id AS period, w.population, l.code AS category, l.sort, coalesce(c.count, 0) AS count
  FROM periods p
  CROSS JOIN (VALUES ('referred'), ('closed'), ('enhanced')) AS w (population)
  CROSS JOIN list_referral_source l
  LEFT JOIN counted c ON c.period = p.id AND c.population = w.population AND c.category = l.code
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
