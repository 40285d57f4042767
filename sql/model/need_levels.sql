-- Enhanced cases by period, area of need, stage and level, as far as a level was recorded.
SELECT
  f.period,
  n.need_area,
  n.stage,
  n.level,
  count(*) AS cases
FROM needs_assessments n
JOIN case_facts f ON f.case_ref = n.case_ref
WHERE f.enhanced AND n.level IS NOT NULL AND n.stage IS NOT NULL AND n.need_area IS NOT NULL
GROUP BY f.period, n.need_area, n.stage, n.level
ORDER BY f.period, n.need_area, n.stage, n.level
