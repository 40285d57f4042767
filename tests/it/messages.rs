//! What the log says of rules that the project here does not have.

use std::fs;

use crate::harness::{DELIVERY, Project, Row, Sheet};

const VISITS: &str = "
version: 1
table: visits
source: { files: \"visits*.csv\" }
key: [visit_ref]
columns:
  visit_ref: { type: string, unique: error }
  visited_on: { type: date }
  room: { type: string }
  size: { type: integer }
rules:
  - id: visits.room_and_day
    check: { unique: { columns: [room, visited_on] } }
    why: A room is visited once a day.
  - id: visits.size.small
    check: { expression: { sql: size < 10, column: size } }
    why: Rooms are small.
  - id: visits.size.even
    check: { failed_rows: { sql: 'SELECT \"_row\" FROM visits WHERE size % 2 = 1', column: size, category: Schema } }
    why: Rooms are even.
";

#[test]
fn a_repeated_key_says_where_it_stands_first_and_a_rule_its_category() {
    let project = Project::small();
    for (file, text) in [
        ("rules/tables/visits.yaml".to_owned(), VISITS),
        (
            format!("{DELIVERY}/visits_1.csv"),
            "visit_ref,visited_on,room,size\nv1,2017-01-05,A,2\nv2,2017-01-06,A,2\n v1 ,2017-01-07,B,2\nv1,2017-01-08,B,2\n",
        ),
        (
            format!("{DELIVERY}/visits_2.csv"),
            "visit_ref,visited_on,room,size\nv2,2017-01-09,C,13\nv5,2017-01-05,A,2\n",
        ),
    ] {
        fs::write(project.path(&file), text).expect("written");
    }
    project.run("").expect(0);
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let of_visits = log.iter().filter(|row| &row["table"] == "visits");
    let told = |row: &Row| {
        let place = format!("{}:{}", &row["source_file"], &row["source_line"]);
        [
            &row["rule_id"],
            place.as_str(),
            &row["category"],
            &row["message"],
        ]
        .join(" | ")
    };
    let mut told: Vec<String> = of_visits.map(told).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "visits.room_and_day | visits_2.csv:3 | Duplicate | room is `A` (first of 2 on line 2 of visits_1.csv; differs in visit_ref); expected one row for each room, visited_on. A room is visited once a day.",
            "visits.size.even | visits_2.csv:2 | Schema | size is `13`; expected a row that the rule's query does not return. Rooms are even.",
            "visits.size.small | visits_2.csv:2 | Out of range | size is `13`; expected size < 10. Rooms are small.",
            "visits.visit_ref.unique | visits_1.csv:4 | Duplicate | visit_ref is ` v1 ` (first of 3 on line 2; differs in visited_on, room); expected one row for each visit_ref. no two rows share a visit_ref",
            "visits.visit_ref.unique | visits_1.csv:5 | Duplicate | visit_ref is `v1` (first of 3 on line 2; differs in visited_on, room); expected one row for each visit_ref. no two rows share a visit_ref",
            "visits.visit_ref.unique | visits_2.csv:2 | Duplicate | visit_ref is `v2` (first of 2 on line 3 of visits_1.csv; differs in visited_on, room, size); expected one row for each visit_ref. no two rows share a visit_ref",
        ]
    );
}
