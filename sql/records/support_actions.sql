-- One row an action of a closed case with enhanced support. What came of an action is counted beside it, not here.
SELECT
  s.action_ref,
  s.case_ref AS cases,
  f.period,
  'enhanced' AS population,
  s.action || ' / provided' AS support_provided
FROM support_actions s
JOIN case_facts f ON f.case_ref = s.case_ref
WHERE f.enhanced
