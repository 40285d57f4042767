//! Computed figures against the published ones: equal where the publication agrees with itself, told where they differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Row, Sheet, fixture, repository};

/// The year that the delivery is about.
const PERIOD: &str = "2016-17";
/// The published figures, as reconciliations name them.
const PUBLISHED: &str = "fixtures/published/published_figures.csv";

/// A published figure of the year.
struct Figure {
    table: String,
    origin: String,
    population: String,
    /// As printed.
    label: String,
    /// As the project's code lists have it, in the aggregate.
    category: String,
    measure: String,
    value: String,
    /// Of the file.
    line: usize,
}

/// Figures printed side by side: table, origin, population.
type Group = (String, String, String);

impl Figure {
    fn count(&self) -> u64 {
        self.value.parse().expect("a count")
    }

    fn group(&self) -> Group {
        (
            self.table.clone(),
            self.origin.clone(),
            self.population.clone(),
        )
    }

    /// How reconciliations name its place.
    fn place(&self) -> String {
        format!("{PUBLISHED}:{} ", self.line)
    }
}

fn published() -> Vec<Figure> {
    let sheet = Sheet::read(&repository(PUBLISHED));
    let rows = sheet.rows.iter().enumerate();
    let figures = rows.filter(|(_, row)| &row["period"] == PERIOD);
    let mut lists = BTreeMap::new();
    let figures: Vec<Figure> = figures
        .map(|(at, row)| {
            let table = &row["table"];
            Figure {
                table: table.to_owned(),
                origin: row["origin"].to_owned(),
                population: row["population"].to_owned(),
                label: row["category"].to_owned(),
                category: category(table, &row["category"], &mut lists),
                measure: row["measure"].to_owned(),
                value: row["value"].to_owned(),
                line: at + 2,
            }
        })
        .collect();
    assert!(figures.len() > 900, "{} figures", figures.len());
    figures
}

/// The aggregate that a published table is compared with.
fn aggregate(table: &str) -> &str {
    match table.strip_suffix("_yoy").unwrap_or(table) {
        need if need.starts_with("need_") => "identified_needs",
        other => other,
    }
}

/// The code list of an aggregate's categories.
fn list(aggregate: &str) -> &str {
    match aggregate {
        "communication_needs" => "communication_need",
        "crime_type" => "occurrence_type",
        "area" => "areas",
        "area_total" => "area_group",
        "age" => "age_band",
        "length_of_support" => "length_band",
        "referred_by_month" | "closed_by_month" | "enhanced_by_month" => "month",
        "repeat_victim" | "prior_support" => "yes_no_unknown",
        "reported_to_police_before" | "reported_to_police_after" => "yes_no_na",
        "identified_needs" => "need_measure",
        other => other,
    }
}

/// Codes and aliases by what is printed.
type Codes = BTreeMap<String, String>;

fn category(table: &str, label: &str, lists: &mut BTreeMap<String, Codes>) -> String {
    let list = list(aggregate(table));
    let codes = lists.entry(list.to_owned()).or_insert_with(|| codes(list));
    let code = codes
        .get(label)
        .unwrap_or_else(|| panic!("`{label}` of {table} is neither code nor alias of {list}"));
    match table.starts_with("need_") {
        true => format!("{table} / {code}"),
        false => code.clone(),
    }
}

fn codes(list: &str) -> Codes {
    let read = |name: &str| Sheet::read(&repository(&format!("rules/reference/{name}.csv"))).rows;
    let pair = |row: &Row, from: &str| (row[from].to_owned(), row["code"].to_owned());
    let mut codes: Codes = read(&format!("{list}.aliases"))
        .iter()
        .map(|row| pair(row, "alias"))
        .collect();
    codes.extend(read(list).iter().map(|row| pair(row, "code")));
    codes
}

/// Groups of counts that the publication itself does not contradict: their parts make the printed total, and no part
/// is larger than its whole.
fn sound(figures: &[Figure]) -> BTreeSet<Group> {
    let counts: Vec<&Figure> = figures.iter().filter(|f| f.measure == "count").collect();
    let printed = |table: &str, label: &str| -> u64 {
        let found = counts.iter().find(|f| f.table == table && f.label == label);
        found.expect("a headline").count()
    };
    let totals = BTreeMap::from([
        ("referred", printed("headline", "cases referred")),
        ("closed", printed("headline", "cases closed")),
        ("enhanced", printed("outcome", "enhanced support")),
        ("standard", printed("outcome", "standard support")),
    ]);
    let mut groups: BTreeMap<Group, Vec<&Figure>> = BTreeMap::new();
    for figure in &counts {
        groups.entry(figure.group()).or_default().push(figure);
    }
    groups
        .iter()
        .filter(|((table, origin, population), parts)| {
            let total = totals[population.as_str()];
            let makes_total = |parts: &[&Figure]| -> bool {
                parts.iter().map(|f| f.count()).sum::<u64>() == total
            };
            let ends = |word: &str| -> Vec<&Figure> {
                let those = parts.iter().filter(|f| f.label.ends_with(word));
                those.copied().collect()
            };
            match table.as_str() {
                // Each case is in one level of each need at each stage.
                need if need.starts_with("need_") => [" / Start", " / Review", " / End"]
                    .iter()
                    .all(|stage| makes_total(&ends(stage))),
                // A case has many actions, so there is no total; an outcome is one of an action that was provided.
                "support_provided" => ends(" / provided").iter().all(|provided| {
                    let action = provided.label.trim_end_matches("provided");
                    let all: u64 = parts
                        .iter()
                        .filter(|f| f.label.starts_with(action))
                        .map(|f| f.count())
                        .sum();
                    all <= 2 * provided.count()
                }),
                _ => {
                    let other = match population.as_str() {
                        "closed" => "enhanced",
                        "enhanced" => "closed",
                        _ => "",
                    };
                    let other = groups.get(&(table.clone(), origin.clone(), other.to_owned()));
                    makes_total(parts) && other.is_none_or(|other| possible(parts, other))
                }
            }
        })
        .map(|(group, _)| group.clone())
        .collect()
}

/// Whether no enhanced figure exceeds the closed one.
fn possible(left: &[&Figure], right: &[&Figure]) -> bool {
    left.iter().all(|a| {
        right.iter().filter(|b| b.label == a.label).all(|b| {
            let (closed, enhanced) = match a.population.as_str() {
                "closed" => (a, b),
                _ => (b, a),
            };
            enhanced.count() <= closed.count()
        })
    })
}

/// A computed figure and its place.
struct Computed {
    count: u64,
    base: u64,
    place: String,
}

/// By aggregate, population, category.
fn computed() -> BTreeMap<(String, String, String), Computed> {
    let mut all = BTreeMap::new();
    let folder = fixture().path("aggregates");
    for (name, path) in crate::harness::files(&folder) {
        // Two years side by side are other columns, and no figures of the detail.
        let Some(aggregate) = name.strip_suffix(".csv").filter(|a| *a != "year_on_year") else {
            continue;
        };
        for (at, row) in Sheet::read(&path).rows.iter().enumerate() {
            assert_eq!(&row["period"], PERIOD);
            let key = (
                aggregate.to_owned(),
                row["population"].to_owned(),
                row["category"].to_owned(),
            );
            let figure = Computed {
                count: row["count"].parse().expect("a count"),
                base: row["base"].parse().expect("a count"),
                place: format!("aggregates/{aggregate}.csv:{}", at + 2),
            };
            assert!(all.insert(key.clone(), figure).is_none(), "twice: {key:?}");
        }
    }
    all
}

fn of<'c>(
    figure: &Figure,
    computed: &'c BTreeMap<(String, String, String), Computed>,
) -> &'c Computed {
    let key = (
        aggregate(&figure.table).to_owned(),
        figure.population.clone(),
        figure.category.clone(),
    );
    computed
        .get(&key)
        .unwrap_or_else(|| panic!("nothing computed for {key:?}"))
}

#[test]
fn computed_equals_published_where_the_publication_agrees_with_itself() {
    let figures = published();
    let computed = computed();
    let sound = sound(&figures);
    let mut compared = 0;
    for figure in figures
        .iter()
        .filter(|f| f.measure == "count" && sound.contains(&f.group()))
    {
        assert_eq!(
            figure.count(),
            of(figure, &computed).count,
            "{:?} {}",
            figure.group(),
            figure.label
        );
        compared += 1;
    }
    assert!(compared > 500, "only {compared} figures compared");

    let group = |table: &str, origin: &str, population: &str| -> Group {
        (table.to_owned(), origin.to_owned(), population.to_owned())
    };
    let mut wanted = vec![
        group("outcome_enhanced", "text", "enhanced"),
        group("outcome_standard", "text", "standard"),
        group("support_provided", "chart", "enhanced"),
        group("length_of_support", "chart", "enhanced"),
        group("crime_type", "body", "closed"),
    ];
    for population in ["closed", "enhanced"] {
        for table in [
            "gender",
            "age",
            "disability",
            "religion",
            "referral_source",
            "communication_needs",
        ] {
            wanted.push(group(table, "chart", population));
        }
        wanted.push(group("area_total", "body", population));
    }
    wanted.extend((1..=10).map(|n| group(&format!("need_{n:02}"), "chart", "enhanced")));
    for group in wanted {
        assert!(sound.contains(&group), "{group:?} should agree with itself");
    }
}

#[test]
fn each_published_figure_is_reconciled_with_both_values_and_both_places() {
    let figures = published();
    let computed = computed();
    let reconciliations = fixture().sheet("reconciliations.csv").rows;
    let controls: Vec<&Row> = reconciliations
        .iter()
        .filter(|row| row["statement"].starts_with("control."))
        .collect();
    let mut disagreeing = 0;
    for figure in &figures {
        let place = figure.place();
        let rows: Vec<&&Row> = controls
            .iter()
            .filter(|row| format!("{} ", &row["stated_at"]).contains(&place))
            .collect();
        let [row] = rows[..] else {
            panic!("{} statements about {place}", rows.len());
        };
        let computed = of(figure, &computed);
        assert_eq!(&row["population"], figure.population, "{row:?}");
        assert_eq!(&row["period"], PERIOD, "{row:?}");
        assert!(row["computed_at"].contains(&computed.place), "{row:?}");
        let agrees = match figure.measure.as_str() {
            "count" => {
                assert_eq!(&row["stated"], figure.value, "{row:?}");
                assert_eq!(row["computed"], computed.count.to_string(), "{row:?}");
                figure.count() == computed.count
            }
            _ => share_agrees(figure, computed),
        };
        let verdict = if agrees { "agrees" } else { "disagrees" };
        assert_eq!(&row["verdict"], verdict, "{row:?}");
        disagreeing += usize::from(!agrees);
    }
    let told = controls.iter().filter(|row| &row["verdict"] == "disagrees");
    assert_eq!(told.count(), disagreeing);
    assert!(disagreeing > 100, "{disagreeing} disagree");
}

/// Whether a printed share is that of the computed figures, rounded half up to its own decimals.
fn share_agrees(figure: &Figure, computed: &Computed) -> bool {
    let (hundred, decimals) = match figure.measure.as_str() {
        "percent" => {
            let decimals = figure.value.split_once('.').map_or(0, |(_, d)| d.len());
            (100, decimals)
        }
        // Binary fractions of a spreadsheet, printed in full; all but September's have three decimals.
        "share" if figure.category == "Sept" => (1, 2),
        "share" => (1, 3),
        other => panic!("measure `{other}`"),
    };
    let scale = 10_u64.pow(u32::try_from(decimals).expect("few decimals"));
    let part = computed.count * hundred * scale;
    let rounded = (2 * part + computed.base) / (2 * computed.base);
    let stated: f64 = figure.value.parse().expect("a number");
    #[expect(clippy::cast_precision_loss, reason = "a share has few digits")]
    let difference = stated * scale as f64 - rounded as f64;
    difference.abs() < 0.01
}

#[test]
fn exactly_the_known_contradictions_of_the_publication_are_told() {
    let known: BTreeSet<String> =
        Sheet::read(&repository("tests/it/data/published_statements.csv"))
            .rows
            .iter()
            .map(|row| {
                assert_eq!(&row["verdict"], "disagrees");
                row["statement"].to_owned()
            })
            .collect();
    assert_eq!(known.len(), 56);
    let rows = fixture().sheet("reconciliations.csv").rows;
    let published: Vec<&Row> = rows
        .iter()
        .filter(|row| row["statement"].starts_with("published."))
        .collect();
    let with = |verdict: &str| -> BTreeSet<String> {
        let those = published.iter().filter(|row| &row["verdict"] == verdict);
        those.map(|row| row["statement"].to_owned()).collect()
    };
    let told = with("disagrees");
    for statement in &known {
        assert!(told.contains(statement), "not told: {statement}");
    }
    for statement in &told {
        assert!(
            known.contains(statement),
            "told without reason: {statement}"
        );
    }
    let agree = with("agrees").len();
    assert!(agree > 950, "only {agree} agree");
    // A contradiction is a discrepancy as well.
    let log = fixture().sheet("discrepancies.csv").rows;
    let logged: BTreeSet<&str> = log.iter().map(|row| &row["record_key"]).collect();
    for statement in &known {
        assert!(
            logged.contains(statement.as_str()),
            "not in the log: {statement}"
        );
    }
}

#[test]
fn nothing_is_left_unjudged_but_noughts_that_one_place_alone_prints() {
    let rows = fixture().sheet("reconciliations.csv").rows;
    let left: Vec<&Row> = rows
        .iter()
        .filter(|row| &row["verdict"] == "not_evaluated")
        // What cannot be compared year on year is judged in `year_on_year`.
        .filter(|row| !row["rule_id"].starts_with("year_on_year."))
        .collect();
    assert!(!left.is_empty());
    for row in left {
        let figures = [&row["stated"], &row["computed"]];
        assert!(matches!(figures, ["0", ""] | ["", "0"]), "{row:?}");
    }
}
