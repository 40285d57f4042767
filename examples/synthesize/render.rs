//! From the model of a block to the rows of its exports: references, names, contact details, and the harmless
//! irregularities that a real export has (a second date format, stray spaces, other accepted spellings).

use std::borrow::Cow;

use crate::calendar::YEAR_START;
use crate::date::Date;
use crate::figures::{BLANK, NEEDS, UNKNOWN};
use crate::population::{Block, Case, DEMOGRAPHICS, Person};
use crate::reference::Reference;
use crate::rng::Rng;
use crate::tables::{Cell, Name, Tables};

/// Nothing that the service did is later than this day: the day before the export.
const LAST_DAY: Date = Date::new(2017, 10, 8);

/// The form for assessments got its date in the middle of the year.
const DATED_SINCE: Date = Date::new(2017, 4, 1);

/// The references given so far, over all blocks.
#[derive(Clone)]
pub struct Serials {
    person: usize,
    referral: usize,
    case: usize,
    attempt: usize,
    action: usize,
    width: usize,
}

impl Serials {
    /// References are as wide as the most numerous of them needs.
    pub fn new(cases: usize) -> Self {
        let width = (cases * 2).to_string().len().max(5);
        Serials {
            person: 1,
            referral: 1,
            case: 1,
            attempt: 1,
            action: 1,
            width,
        }
    }

    fn text(&self, prefix: char, number: usize) -> String {
        format!("{prefix}{number:0width$}", width = self.width)
    }

    /// A further reference after those of the block, of a row that has been added to it.
    pub fn person(&mut self) -> (String, usize) {
        self.person += 1;
        (self.text('P', self.person - 1), self.person - 1)
    }

    pub fn referral(&mut self) -> String {
        self.referral += 1;
        self.text('R', self.referral - 1)
    }

    pub fn action(&mut self) -> String {
        self.action += 1;
        self.text('S', self.action - 1)
    }
}

pub fn render<'r>(
    block: &Block,
    serials: &mut Serials,
    reference: &'r Reference,
    rng: &mut Rng,
) -> Tables<'r> {
    let mut writer = Writer {
        block,
        serials,
        pen: Pen { reference, rng },
        tables: Tables::new(),
    };
    writer.people();
    writer.referrals();
    writer.cases();
    writer.children();
    writer.tables
}

struct Writer<'r, 'a> {
    block: &'a Block,
    serials: &'a mut Serials,
    pen: Pen<'r, 'a>,
    tables: Tables<'r>,
}

impl<'r> Writer<'r, '_> {
    fn people(&mut self) {
        let block = self.block;
        let known = block
            .people
            .iter()
            .map(|person| person.known_since + self.pen.rng.within(0, 30));
        for (index, place) in ranks(known.collect()).into_iter().enumerate() {
            let serial = self.serials.person + place;
            let reference = self.serials.text('P', serial);
            let cells = self.pen.person(&block.people[index], serial, reference);
            self.tables.of_mut(Name::People).push(cells, place, index);
        }
        self.serials.person += block.people.len();
    }

    fn referrals(&mut self) {
        let block = self.block;
        let received = block.cases.iter().map(|case| case.dates.received).collect();
        for (index, place) in ranks(received).into_iter().enumerate() {
            let case = &block.cases[index];
            let cells = vec![
                self.serials.text('R', self.serials.referral + place).into(),
                self.person_ref(case),
                self.pen.date(Some(case.dates.received)),
                self.pen.code("referral_source", case.source),
                case.source_ref.map_or(Cow::Borrowed(BLANK), |number| {
                    source_ref(case.source, number)
                }),
                self.pen.code("occurrence_type", case.occurrence),
                self.pen.date(case.incident_on),
                self.pen.date(case.reported_on),
                Cow::Borrowed(if self.pen.rng.percent(97) {
                    "Yes"
                } else {
                    "No"
                }),
            ];
            self.tables
                .of_mut(Name::Referrals)
                .push(cells, place, index);
        }
        self.serials.referral += block.cases.len();
    }

    fn cases(&mut self) {
        let block = self.block;
        let opened: Vec<Date> = block.cases.iter().map(|case| case.dates.opened).collect();
        let places = ranks(opened);
        let case_ref =
            |serials: &Serials, case: usize| serials.text('C', serials.case + places[case]);
        for (index, case) in block.cases.iter().enumerate() {
            let (started, ended) = match case.dates.support {
                Some((started, ended)) => (Some(started), ended),
                None => (None, None),
            };
            let cells = vec![
                case_ref(self.serials, index).into(),
                self.tables.of(Name::Referrals).rows[index].cells[0].clone(),
                self.person_ref(case),
                self.pen.date(Some(case.dates.opened)),
                self.pen.date(case.dates.closed),
                self.pen.code(
                    "case_status",
                    if case.dates.closed.is_some() {
                        "Closed"
                    } else {
                        "Open"
                    },
                ),
                self.pen
                    .code("closure_outcome", case.outcome.unwrap_or(BLANK)),
                self.pen.code("areas", case.area),
                self.pen.code("yes_no_unknown", case.repeat_victim),
                self.pen.code("yes_no_unknown", case.prior_support),
                Cow::Borrowed(case.reported_before),
                Cow::Borrowed(case.reported_after),
                self.pen.date(started),
                self.pen.date(ended),
                case.duplicate_of
                    .map_or(Cow::Borrowed(BLANK), |of| case_ref(self.serials, of).into()),
                self.pen.caseworker(),
            ];
            self.tables
                .of_mut(Name::Cases)
                .push(cells, places[index], index);
        }
        self.serials.case += block.cases.len();
    }

    fn person_ref(&self, case: &Case) -> Cell<'r> {
        self.tables.of(Name::People).rows[case.person].cells[0].clone()
    }

    /// Attempts, assessments and actions, case after case in the order of the cases' file.
    fn children(&mut self) {
        let cases = self.tables.of(Name::Cases);
        let mut order: Vec<usize> = (0..cases.rows.len()).collect();
        order.sort_by_key(|&case| cases.rows[case].place);
        for index in order {
            let case_ref = self.tables.of(Name::Cases).rows[index].cells[0].clone();
            let case = &self.block.cases[index];
            self.attempts(case, index, &case_ref);
            self.assessments(case, index, &case_ref);
            self.actions(case, index, &case_ref);
        }
    }

    fn attempts(&mut self, case: &Case, index: usize, case_ref: &Cell<'r>) {
        let count = match self.pen.rng.below(100) {
            0..2 => 3,
            2..7 => 2,
            _ => 1,
        };
        let until = case
            .dates
            .closed
            .unwrap_or(LAST_DAY)
            .min(case.dates.opened + 21);
        for attempt in 1..=count {
            let day = case.dates.opened + (until - case.dates.opened) * (attempt - 1) / count;
            let (channel, result) = self.pen.contact(case.outcome, attempt == count);
            let cells = vec![
                self.serials.text('A', self.serials.attempt).into(),
                case_ref.clone(),
                self.pen.date(Some(day)),
                self.pen.code("contact_channel", channel),
                self.pen.code("contact_result", result),
            ];
            self.serials.attempt += 1;
            push_next(&mut self.tables, Name::ContactAttempts, cells, index);
        }
    }

    /// Ten rows a stage. Everyone enhanced was to be assessed at the start; later stages have rows if anything was
    /// recorded. Of an assessment that did not happen there is one row, without a level.
    fn assessments(&mut self, case: &Case, index: usize, case_ref: &Cell<'r>) {
        let Some((started, Some(ended))) = case.dates.support else {
            return;
        };
        let days = [started, started + (ended - started) / 2, ended];
        for (stage, levels) in ["Start", "Review", "End"]
            .into_iter()
            .zip(&case.needs)
            .take(3)
        {
            let recorded = levels.iter().any(|level| *level != BLANK);
            if !recorded && stage != "Start" {
                continue;
            }
            let day = days[match stage {
                "Start" => 0,
                "Review" => 1,
                _ => 2,
            }];
            let rows = if recorded { levels.len() } else { 1 };
            for (&(need, _), &level) in NEEDS.iter().zip(levels).take(rows) {
                let assessed = (level != BLANK && day >= DATED_SINCE).then_some(day);
                let cells = vec![
                    case_ref.clone(),
                    Cow::Borrowed(stage),
                    Cow::Borrowed(need),
                    self.pen.code("need_level", level),
                    self.pen.date(assessed),
                ];
                push_next(&mut self.tables, Name::NeedsAssessments, cells, index);
            }
        }
    }

    fn actions(&mut self, case: &Case, index: usize, case_ref: &Cell<'r>) {
        let Some((started, Some(ended))) = case.dates.support else {
            return;
        };
        for &(action, outcome) in &case.actions {
            let acted = started + self.pen.rng.within(0, ended - started);
            let cells = vec![
                self.serials.text('S', self.serials.action).into(),
                case_ref.clone(),
                self.pen.code("support_action", action),
                self.pen.date(Some(acted)),
                self.pen.code("action_outcome", outcome),
            ];
            self.serials.action += 1;
            push_next(&mut self.tables, Name::SupportActions, cells, index);
        }
    }
}

fn push_next<'r>(tables: &mut Tables<'r>, name: Name, cells: Vec<Cell<'r>>, owner: usize) {
    let table = tables.of_mut(name);
    let place = table.rows.len();
    table.push(cells, place, owner);
}

/// The place of each date in ascending order; equal dates keep their order.
fn ranks(dates: Vec<Date>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..dates.len()).collect();
    order.sort_by_key(|&index| dates[index]);
    let mut ranks = vec![0; dates.len()];
    for (place, index) in order.into_iter().enumerate() {
        ranks[index] = place;
    }
    ranks
}

/// The incident's number with the letters of its source.
fn source_ref(source: &str, number: u32) -> Cell<'static> {
    let prefix = match source {
        "Leicestershire Crime Report" => "CR",
        "Action Fraud" => "AF",
        "RTC" => "RT",
        "Sentinel ASB" => "SN",
        _ => "XX",
    };
    format!("{prefix}{number}").into()
}

/// Writes single cells, now and then as an accepted variation of themselves.
pub struct Pen<'r, 'a> {
    pub reference: &'r Reference,
    pub rng: &'a mut Rng,
}

impl<'r> Pen<'r, '_> {
    pub fn date(&mut self, date: Option<Date>) -> Cell<'r> {
        match date {
            None => Cow::Borrowed(BLANK),
            Some(date) if self.rng.per_mille(15) => date.british().into(),
            Some(date) => date.iso().into(),
        }
    }

    fn code(&mut self, list: &str, code: &'static str) -> Cell<'r> {
        if code == BLANK || !self.rng.per_mille(8) {
            return Cow::Borrowed(code);
        }
        let mut rng = self.rng.fork();
        let variants: Vec<&'r str> = self.reference.list(list).variants(code).collect();
        // What means "unknown" is left alone: a project may also take its variants for a kind of missing.
        if variants.is_empty() || code == UNKNOWN || rng.percent(40) {
            let text = match rng.below(3) {
                0 => format!(" {code}"),
                1 => format!("{code} "),
                _ => format!("  {code} "),
            };
            return text.into();
        }
        Cow::Borrowed(rng.one_of(&variants))
    }

    pub fn person(&mut self, person: &Person, serial: usize, reference: String) -> Vec<Cell<'r>> {
        let Identity {
            first,
            last,
            postcode,
        } = identity(serial, self.rng);
        let phone = match self.rng.below(100) {
            0..20 => format!("07700 900{:03}", self.rng.below(1000)),
            20..28 => format!("0116 496 0{:03}", self.rng.below(1000)),
            _ => String::new(),
        };
        let email = match self.rng.below(100) {
            0..5 => format!("{first}.{last}@example.org").to_lowercase(),
            5..9 => format!("{first}{}@example.com", self.rng.below(100)).to_lowercase(),
            _ => String::new(),
        };
        let mut cells: Vec<Cell<'r>> = vec![
            reference.into(),
            first.into(),
            last.into(),
            self.date(person.date_of_birth),
        ];
        for ((_, list, _), value) in DEMOGRAPHICS.into_iter().zip(person.demographics) {
            cells.push(self.code(list, value));
        }
        cells.extend([postcode.into(), phone.into(), email.into()]);
        cells
    }

    /// A few names need quoting: with a comma, with quotes, with a line break.
    fn caseworker(&mut self) -> Cell<'r> {
        const PLAIN: [&str; 8] = ["AK", "BM", "CW", "DJ", "EO", "FS", "GP", "HL"];
        const QUOTED: [&str; 3] = ["Smith, J", "Jo \"Mac\" Reid", "HL\n(evenings)"];
        if self.rng.per_mille(6) {
            return Cow::Borrowed(self.rng.one_of(&QUOTED));
        }
        Cow::Borrowed(self.rng.one_of(&PLAIN))
    }

    /// A channel and a result; the last attempt is the one that the outcome tells of.
    fn contact(&mut self, outcome: Option<&str>, last: bool) -> (&'static str, &'static str) {
        if !last {
            return self.rng.one_of(&[
                ("Phone", "No answer"),
                ("Phone", "No answer"),
                ("SMS", "No answer"),
            ]);
        }
        match outcome {
            Some("Standard - letter sent") => ("Post", "Letter sent"),
            Some("No response - unsafe to leave message") => ("Phone", "Unsafe"),
            Some("Incorrect contact information") => ("Phone", "Wrong number"),
            Some("Duplicate" | "No response from officer in case") => ("Phone", "No answer"),
            Some(_) if self.rng.percent(4) => ("Email", "Answered"),
            Some(_) => ("Phone", "Answered"),
            None => self.rng.one_of(&[
                ("Phone", "No answer"),
                ("Phone", "Answered"),
                ("SMS", "No answer"),
            ]),
        }
    }
}

struct Identity {
    first: String,
    last: String,
    postcode: String,
}

/// An invented name and a well-formed postcode of no real place (LE71 to LE79 are not in use). Two people of the same
/// name never have the same postcode among the first nineteen million, so that no two are taken for one by chance.
fn identity(serial: usize, rng: &mut Rng) -> Identity {
    const FIRST: [&str; 15] = [
        "Al", "Ber", "Cor", "Da", "El", "Fen", "Gar", "Hol", "Is", "Jor", "Ka", "Lin", "Mar",
        "Nor", "Or",
    ];
    const FIRST_END: [&str; 12] = [
        "a", "en", "il", "ina", "is", "o", "on", "ric", "sa", "ta", "vin", "wen",
    ];
    const LAST: [&str; 16] = [
        "Ash", "Brack", "Cop", "Dun", "Fair", "Gors", "Haz", "Ket", "Lang", "Mil", "Neth", "Oak",
        "Pel", "Rush", "Thorn", "Wex",
    ];
    const LAST_END: [&str; 15] = [
        "a", "by", "cot", "dale", "den", "el", "er", "ham", "ley", "low", "on", "or", "sted",
        "ter", "ton",
    ];
    const LETTERS: &[u8; 20] = b"ABDEFGHJLNPQRSTUWXYZ";
    const NAMES: usize = FIRST.len() * FIRST_END.len() * LAST.len() * LAST_END.len();
    // A step without a common factor visits every name once before any comes again.
    let name = serial * 26_417 % NAMES;
    let (first, last) = (name % 180, name / 180);
    let round = serial / NAMES;
    let sector = (name * 7 + round) % 90;
    let unit = rng.below(80) * 5 + round / 90 % 5;
    Identity {
        first: format!("{}{}", FIRST[first % 15], FIRST_END[first / 15]),
        last: format!("{}{}", LAST[last % 16], LAST_END[last / 16]),
        postcode: format!(
            "LE{} {}{}{}",
            71 + sector / 10,
            sector % 10,
            char::from(LETTERS[unit / 20]),
            char::from(LETTERS[unit % 20]),
        ),
    }
}

/// A person who stands in no model: for rows that are added.
pub fn stranger(rng: &mut Rng) -> Person {
    Person {
        demographics: DEMOGRAPHICS.map(|(_, _, figures)| figures[0].0),
        date_of_birth: Some(YEAR_START - rng.within(7_000, 25_000)),
        known_since: YEAR_START,
    }
}
