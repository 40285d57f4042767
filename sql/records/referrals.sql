-- One row a referral that was received within one of the periods: under which category each aggregate counts it.
SELECT
  r.referral_ref,
  r.person_ref AS people,
  r.period,
  'referred' AS population,
  'cases referred' AS headline,
  r.source AS referral_source,
  r.month AS referred_by_month
FROM referral_facts r
