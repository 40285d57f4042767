-- One row a closed case and population that it belongs to: under which category each aggregate counts it.
-- Below, one more for each need and stage of an enhanced case.
SELECT
  f.case_ref,
  f.person_ref AS people,
  f.referral_ref AS referrals,
  f.period,
  w.population,
  CASE w.population WHEN 'closed' THEN 'cases closed' WHEN 'enhanced' THEN 'enhanced support' END AS headline,
  CASE w.population WHEN 'closed' THEN f.month END AS closed_by_month,
  CASE w.population WHEN 'enhanced' THEN f.month END AS enhanced_by_month,
  CASE w.population WHEN 'closed' THEN f.outcome END AS outcome,
  CASE w.population WHEN 'enhanced' THEN f.closure_outcome END AS outcome_enhanced,
  CASE w.population WHEN 'standard' THEN f.closure_outcome END AS outcome_standard,
  CASE w.population WHEN 'enhanced' THEN f.length_band END AS length_of_support,
  f.source AS referral_source,
  f.occurrence_type AS crime_type,
  f.area,
  a.parent AS area_total,
  f.repeat_victim,
  f.prior_support,
  f.reported_before AS reported_to_police_before,
  f.reported_after AS reported_to_police_after,
  f.gender,
  f.age_band AS age,
  f.ethnicity,
  f.disability,
  f.religion,
  f.sexual_orientation,
  f.communication_need AS communication_needs
FROM case_facts f
JOIN (VALUES ('closed'), ('enhanced'), ('standard')) AS w (population)
  ON CASE w.population
    WHEN 'closed' THEN TRUE
    WHEN 'enhanced' THEN f.enhanced
    ELSE f.outcome = 'standard support'
  END
LEFT JOIN list_areas a ON a.code = f.area
UNION ALL BY NAME
SELECT
  f.case_ref,
  f.person_ref AS people,
  f.referral_ref AS referrals,
  f.period,
  'enhanced' AS population,
  a.code || ' / ' || coalesce(n.level, 'Not Recorded') || ' / ' || s.code AS identified_needs
FROM case_facts f
CROSS JOIN list_need_area a
CROSS JOIN list_need_stage s
LEFT JOIN needs_assessments n ON n.case_ref = f.case_ref AND n.need_area = a.code AND n.stage = s.code
WHERE f.enhanced
