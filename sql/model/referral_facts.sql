-- One row a referral that was received within one of the periods.
SELECT
  r.referral_ref,
  r.person_ref,
  p.id AS period,
  r.received_on,
  m.code AS month,
  coalesce(r.source, 'Unknown') AS source
FROM referrals r
JOIN periods p ON r.received_on >= p.start_on AND r.received_on < p.end_on
JOIN list_month m ON m.sort = (CAST(date_part('month', r.received_on) AS BIGINT) + 2) % 12 + 1
