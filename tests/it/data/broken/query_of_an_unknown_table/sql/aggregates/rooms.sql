SELECT p.id AS period, 'visits' AS population, v.room AS category, 1 AS sort,
       count(*) AS count, CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share
FROM visit AS v
JOIN periods AS p ON v.visited_on >= p.start_on AND v.visited_on < p.end_on
WHERE v.room IS NOT NULL
GROUP BY p.id, v.room
ORDER BY p.id, v.room
