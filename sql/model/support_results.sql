-- Actions taken for enhanced cases by period and kind, and what came of them. A case can have any number of actions.
SELECT
  f.period,
  s.action,
  count(*) AS provided,
  count(*) FILTER (WHERE s.outcome = 'Positive') AS positive,
  count(*) FILTER (WHERE s.outcome = 'Negative') AS negative
FROM support_actions s
JOIN case_facts f ON f.case_ref = s.case_ref
WHERE f.enhanced AND s.action IS NOT NULL
GROUP BY f.period, s.action
ORDER BY f.period, s.action
