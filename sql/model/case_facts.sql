-- One row a case that was closed within one of the periods, with everything the aggregates group by.
-- A category that is blank, or whose person or referral was not delivered, is the list's Unknown where the list has one;
-- the four questions answered Yes or No stay null, because who was not asked belongs to no category.
-- Closed means a closing day and a status other than Open. The age is that at the day of the referral.
SELECT
  f.case_ref,
  f.person_ref,
  f.referral_ref,
  f.period,
  f.closed_on,
  f.month,
  f.closure_outcome,
  f.outcome,
  f.enhanced,
  f.source,
  f.occurrence_type,
  f.area,
  f.place,
  f.place_name,
  f.place_level,
  f.place_group,
  f.place_confidence,
  f.repeat_victim,
  f.prior_support,
  f.reported_before,
  f.reported_after,
  f.gender,
  f.ethnicity,
  f.disability,
  f.religion,
  f.sexual_orientation,
  f.communication_need,
  CASE
    WHEN f.age < 0 OR f.age IS NULL THEN 'Unknown'
    WHEN f.age < 13 THEN 'U13'
    WHEN f.age <= 18 THEN '13-18'
    WHEN f.age <= 25 THEN '19-25'
    WHEN f.age <= 30 THEN '26-30'
    WHEN f.age <= 40 THEN '31-40'
    WHEN f.age <= 50 THEN '41-50'
    WHEN f.age <= 60 THEN '51-60'
    WHEN f.age <= 70 THEN '61-70'
    WHEN f.age <= 80 THEN '71-80'
    WHEN f.age <= 90 THEN '81-90'
    ELSE '91+'
  END AS age_band,
  -- First and last day both count; from 32 days on the band is that of the whole calendar months gone by.
  CASE
    WHEN NOT f.enhanced OR f.days IS NULL OR f.days < 1 THEN NULL
    WHEN f.days <= 2 THEN '1-2 Days'
    WHEN f.days <= 5 THEN '3-5 Days'
    WHEN f.days <= 10 THEN '6-10 Days'
    WHEN f.days <= 15 THEN '11-15 Days'
    WHEN f.days <= 20 THEN '16-20 Days'
    WHEN f.days <= 25 THEN '21-25 Days'
    WHEN f.days <= 31 THEN '26-31 Days'
    ELSE CAST(f.months AS VARCHAR) || '-' || CAST(f.months + 1 AS VARCHAR) || ' Months'
  END AS length_band
FROM (
  SELECT
    c.case_ref,
    c.person_ref,
    c.referral_ref,
    p.id AS period,
    c.closed_on,
    m.code AS month,
    c.closure_outcome,
    o.parent AS outcome,
    coalesce(o.parent = 'enhanced support', FALSE) AS enhanced,
    coalesce(r.source, 'Unknown') AS source,
    coalesce(r.occurrence_type, 'Unknown') AS occurrence_type,
    coalesce(c.area, 'Unknown') AS area,
    c.place,
    l1.label AS place_name,
    l1.level AS place_level,
    CASE 'group' WHEN l1.level THEN l1.label WHEN l2.level THEN l2.label WHEN l3.level THEN l3.label END AS place_group,
    n.confidence AS place_confidence,
    c.repeat_victim,
    c.prior_support,
    c.reported_before,
    c.reported_after,
    coalesce(e.gender, 'Unknown') AS gender,
    coalesce(e.ethnicity, 'Unknown') AS ethnicity,
    coalesce(e.disability, 'Unknown') AS disability,
    coalesce(e.religion, 'Unknown') AS religion,
    coalesce(e.sexual_orientation, 'Unknown') AS sexual_orientation,
    coalesce(e.communication_need, 'Unknown') AS communication_need,
    CAST(date_part('year', r.received_on) AS BIGINT) - CAST(date_part('year', e.date_of_birth) AS BIGINT)
      - CASE
          WHEN date_part('month', r.received_on) * 100 + date_part('day', r.received_on)
            < date_part('month', e.date_of_birth) * 100 + date_part('day', e.date_of_birth) THEN 1
          ELSE 0
        END AS age,
    CAST(CAST(c.support_ended_on AS INT) - CAST(c.support_started_on AS INT) AS BIGINT) + 1 AS days,
    (CAST(date_part('year', c.support_ended_on) AS BIGINT) - CAST(date_part('year', c.support_started_on) AS BIGINT)) * 12
      + CAST(date_part('month', c.support_ended_on) AS BIGINT) - CAST(date_part('month', c.support_started_on) AS BIGINT)
      - CASE WHEN date_part('day', c.support_ended_on) < date_part('day', c.support_started_on) THEN 1 ELSE 0 END AS months
  FROM cases c
  JOIN periods p ON c.closed_on >= p.start_on AND c.closed_on < p.end_on
  JOIN list_month m ON m.sort = (CAST(date_part('month', c.closed_on) AS BIGINT) + 2) % 12 + 1
  LEFT JOIN list_closure_outcome o ON o.code = c.closure_outcome
  LEFT JOIN list_places l1 ON l1.code = c.place
  LEFT JOIN list_places l2 ON l2.code = l1.parent
  LEFT JOIN list_places l3 ON l3.code = l2.parent
  LEFT JOIN names_places n ON n.name = c.area AND n.code = c.place
  LEFT JOIN referrals r ON r.referral_ref = c.referral_ref
  LEFT JOIN people e ON e.person_ref = c.person_ref
  WHERE c.status IS DISTINCT FROM 'Open'
) f
