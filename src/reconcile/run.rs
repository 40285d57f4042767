//! One statement: its sides are selected, what they lack is said, and its kind compares the rest.

use std::{borrow::Cow, sync::Arc};

use super::{
    Checked, Figure, Reconciliation, Verdict,
    amounts::Amount,
    changes,
    evidence::{self, places},
    flows,
    groups::{GroupKey, Groups, unmatched},
    hierarchies, pairs,
    rows::{Detail, Rows},
    select::{Index, Side},
    shares, sums,
};
use crate::{
    decimal::{Decimal, Range},
    diagnostics::At,
    rules::totals::{Check, Key, Source, Statement},
    tables::CodeList,
};

/// Adds the rows of one statement, in the order of their keys.
pub(super) fn run(
    statement: &Statement,
    index: &Index<'_>,
    lists: &[CodeList],
    rows: &mut dyn Rows,
) {
    let rule = Arc::new(Checked::of(statement));
    match Run::prepare(statement, &rule, index, lists) {
        Ok(run) => run.rows(&statement.check, lists, rows),
        Err(reason) => rows.next(&|_| whole_row(&rule, reason.clone())),
    }
}

/// A statement with its figures.
pub(super) struct Run<'f> {
    pub(super) rule: Arc<Checked>,
    pub(super) by: Vec<Key>,
    /// The keys of a total, whole or group, as places in `by`.
    pub(super) on: Vec<usize>,
    pub(super) sides: Vec<Side<'f>>,
}

impl<'f> Run<'f> {
    fn prepare(
        statement: &Statement,
        rule: &Arc<Checked>,
        index: &Index<'f>,
        lists: &[CodeList],
    ) -> Result<Self, String> {
        let check = &statement.check;
        let implied = |mut keys: Vec<Key>| {
            keys.extend(check.implied().filter(|key| !keys.contains(key)));
            keys
        };
        let by = implied(keys(check.by())?);
        let on = match check.narrower() {
            None => (0..by.len()).collect(),
            Some((name, narrower)) => implied(keys(narrower)?)
                .into_iter()
                .map(|key| {
                    let place = by.iter().position(|k| *k == key);
                    place.ok_or_else(|| format!("`{name}` names {key}, which `by` does not"))
                })
                .collect::<Result<_, _>>()?,
        };
        let sides = check
            .sides()
            .into_iter()
            .map(|(name, selector)| {
                let source = default_source(check, name);
                match check {
                    Check::Hierarchy(k) if name == "members" => {
                        Side::select(name, &k.members_by_group(), source, index, lists)
                    }
                    _ => Side::select(name, &selector.value, source, index, lists),
                }
            })
            .collect::<Result<_, _>>()?;
        let rule = Arc::clone(rule);
        Ok(Self {
            rule,
            by,
            on,
            sides,
        })
    }

    fn rows(&self, check: &Check, lists: &[CodeList], rows: &mut dyn Rows) {
        let empty: Vec<String> = self
            .sides
            .iter()
            .filter(|side| side.picked.is_empty())
            .map(|side| format!("`{}` selects no figure ({})", side.name, side.settings))
            .collect();
        if !empty.is_empty() {
            rows.next(&|_| whole_row(&self.rule, empty.join("; ")));
            return;
        }
        self.unused(rows);
        match check {
            Check::SumsTo(_) => sums::rows(self, rows),
            Check::Equals(_) => pairs::rows(self, pairs::Kind::Equals, rows),
            Check::SubsetOf(_) => pairs::rows(self, pairs::Kind::SubsetOf, rows),
            Check::ControlTotal(_) => pairs::rows(self, pairs::Kind::ControlTotal, rows),
            Check::ShareOf(settings) => shares::rows(self, settings, rows),
            Check::Flow(settings) => flows::rows(self, settings, rows),
            Check::Hierarchy(settings) => hierarchies::rows(self, settings, lists, rows),
            Check::Change(settings) => changes::rows(self, settings, rows),
        }
    }

    /// Says which listed words no figure has: a row for each side, or for all sides of one name.
    fn unused(&self, rows: &mut dyn Rows) {
        let sides = self.sides.iter().filter(|side| !side.unused.is_empty());
        let sides: Vec<&Side<'_>> = sides.collect();
        for sides in sides.chunk_by(|one, next| one.name == next.name) {
            let reason = |side: &&Side<'_>| {
                let unused = side.unused.join(", ");
                format!("`{}` selects no figure of {unused}", side.name)
            };
            let reasons: Vec<String> = sides.iter().map(reason).collect();
            rows.next(&|_| {
                let mut row = whole_row(&self.rule, reasons.join("; "));
                row.statement.push_str(&format!("[{}]", sides[0].name));
                row
            });
        }
    }

    /// The values of `on` among those of `by`.
    pub(super) fn project<'k>(&self, group: &'k GroupKey) -> Cow<'k, GroupKey> {
        match self.on.iter().copied().eq(0..group.len()) {
            true => Cow::Borrowed(group),
            false => Cow::Owned(self.on.iter().map(|place| group[*place]).collect()),
        }
    }

    /// The keys of a total, whole or group.
    pub(super) fn on_keys(&self) -> Vec<Key> {
        self.on.iter().map(|place| self.by[*place]).collect()
    }

    /// A row without a verdict yet: the group is about what the figures of `lead` have in common, `keys` among it.
    pub(super) fn row(
        &self,
        keys: &[Key],
        (lead, members): (&Side<'_>, &[usize]),
        detail: Detail,
    ) -> Reconciliation {
        let about = |key: Key| {
            let first = *members.first()?;
            let text = lead.text(first, key);
            let same = keys.contains(&key) || members.iter().all(|m| lead.text(*m, key) == text);
            same.then(|| lead.key(first, key))
        };
        let texts = keys.iter().filter_map(|key| {
            let first = members.first()?;
            Some((*key, lead.text(*first, *key)))
        });
        Reconciliation {
            statement: match detail {
                Detail::Verdict => String::new(),
                Detail::Whole => instance(&self.rule.rule_id, texts),
            },
            population: about(Key::Population),
            period: about(Key::Period),
            category: about(Key::Category),
            detail,
            ..blank(&self.rule)
        }
    }

    /// The groups of figures that nothing belongs to, each with its key, `found` being those that something does.
    pub(super) fn lonely(
        &self,
        groups: &Groups<'_, '_>,
        found: impl Iterator<Item = usize>,
    ) -> Vec<(Vec<u32>, usize)> {
        let lonely = unmatched(groups, found).into_iter();
        lonely
            .map(|group| (groups.key(group).to_vec(), group))
            .collect()
    }

    /// A row about one of them.
    pub(super) fn lonely_row(
        &self,
        groups: &Groups<'_, '_>,
        group: usize,
        detail: Detail,
    ) -> Reconciliation {
        let members = groups.members(group);
        let mut row = self.row(&self.on_keys(), (groups.side, members), detail);
        row.stated_by(groups.side, members);
        row
    }

    /// Sets figures, difference, tolerance and verdict of two amounts that must be the same.
    pub(super) fn compare(
        &self,
        row: &mut Reconciliation,
        stated: &Amount<'_, '_>,
        computed: &Amount<'_, '_>,
    ) {
        self.settle(row, &pair(stated, computed), |difference, tolerance| {
            Some(difference.checked_abs()? <= tolerance)
        });
    }

    /// Sets figures, difference, tolerance and verdict; `agrees` judges the smallest difference that there can be.
    pub(super) fn settle(
        &self,
        row: &mut Reconciliation,
        pair: &Pair<impl Iterator<Item = Decimal> + Clone>,
        agrees: impl Fn(Decimal, Decimal) -> Option<bool>,
    ) {
        let Pair {
            stated, computed, ..
        } = *pair;
        row.stated = stated.exact();
        row.computed = computed.exact();
        row.tolerance = self
            .rule
            .tolerance
            .width(stated.most.or(stated.least), pair.figures.clone());
        let difference = computed.checked_sub(stated);
        row.difference = difference.map(Range::nearest_to_zero);
        let verdict = row.difference.and_then(|d| agrees(d, row.tolerance));
        row.verdict = match verdict {
            Some(true) => Verdict::Agrees,
            Some(false) => Verdict::Disagrees,
            None => {
                row.evidence
                    .push_str("; their difference is too large to be computed");
                return;
            }
        };
        if pair.suppressed > 0 {
            let possible = row.verdict == Verdict::Agrees;
            row.evidence
                .push_str(&evidence::suppressed(pair.suppressed, possible));
        }
    }
}

/// What is stated and what it is held against.
pub(super) struct Pair<F> {
    pub(super) stated: Range,
    pub(super) computed: Range,
    /// The figures behind both, for what rounding can do.
    pub(super) figures: F,
    /// How many figures are suppressed.
    pub(super) suppressed: usize,
}

/// Two amounts.
pub(super) fn pair<'a>(
    stated: &'a Amount<'_, '_>,
    computed: &'a Amount<'_, '_>,
) -> Pair<impl Iterator<Item = Decimal> + Clone + 'a> {
    Pair {
        stated: stated.range,
        computed: computed.range,
        figures: stated.values().chain(computed.values()),
        suppressed: stated.suppressed() + computed.suppressed(),
    }
}

impl Reconciliation {
    /// Where the stated figures stand, among `figures`.
    pub fn stated_at(&self, figures: &[Figure]) -> String {
        match &self.place {
            Some(place) => place.to_string(),
            None => places(self.stated_from.iter().map(|figure| &figures[*figure])),
        }
    }

    /// Where the figures stand that it is held against.
    pub fn computed_at(&self, figures: &[Figure]) -> String {
        let sides = self.computed_from.iter().chain(&self.less_from);
        places(sides.map(|figure| &figures[*figure]))
    }

    /// Adds the stated figures.
    pub(super) fn stated_by(&mut self, side: &Side<'_>, members: &[usize]) {
        self.stated_from = members.iter().map(|m| side.picked[*m].figure()).collect();
    }

    /// Adds figures that it is held against.
    pub(super) fn held_against(&mut self, side: &Side<'_>, members: &[usize]) {
        let figures = members.iter().map(|m| side.picked[*m].figure());
        self.computed_from.extend(figures);
    }

    /// Adds figures that are taken off.
    pub(super) fn less(&mut self, side: &Side<'_>, members: &[usize]) {
        let figures = members.iter().map(|m| side.picked[*m].figure());
        self.less_from.extend(figures);
    }

    /// Every figure that it is about, as indices.
    pub(super) fn figures(&self) -> impl Iterator<Item = usize> {
        let sides = [&self.stated_from, &self.computed_from, &self.less_from];
        sides.into_iter().flatten().copied()
    }

    /// Sets the evidence, where it is wanted.
    pub(super) fn say(&mut self, evidence: impl FnOnce() -> String) {
        if self.detail == Detail::Whole {
            self.evidence = evidence();
        }
    }

    /// Says why there is no verdict.
    pub(super) fn not_evaluated(&mut self, reason: String) {
        self.verdict = Verdict::NotEvaluated;
        self.evidence = reason;
    }
}

impl Checked {
    pub(super) fn of(statement: &Statement) -> Self {
        Self {
            rule_id: statement.id.value.clone(),
            version: statement.version(),
            kind: statement.check.word(),
            severity: statement.severity(),
            materiality: statement.materiality(),
            dimension: statement.dimension(),
            discrepancy: statement.check.category(),
            expected: statement.check.expected(),
            tolerance: statement.tolerance(),
            why: statement.why().to_owned(),
            owner: statement.owner.clone(),
            tags: statement.tags.clone(),
        }
    }
}

/// A control total compares what is published with what is computed, without saying so each time.
pub(super) fn default_source(check: &Check, side: &str) -> Option<Source> {
    match (check, side) {
        (Check::ControlTotal(_), "stated") => Some(Source::Published),
        (Check::ControlTotal(_), "computed") => Some(Source::Computed),
        _ => None,
    }
}

fn keys(words: &[At<String>]) -> Result<Vec<Key>, String> {
    let key = |word: &At<String>| {
        Key::from_word(&word.value).ok_or_else(|| format!("figures have no key `{}`", word.value))
    };
    words.iter().map(key).collect()
}

/// A row about the whole statement.
pub(super) fn whole_row(rule: &Arc<Checked>, reason: String) -> Reconciliation {
    Reconciliation {
        statement: rule.rule_id.clone(),
        evidence: reason,
        ..blank(rule)
    }
}

/// A row that says nothing yet.
fn blank(rule: &Arc<Checked>) -> Reconciliation {
    Reconciliation {
        statement: String::new(),
        rule: Arc::clone(rule),
        population: None,
        period: None,
        category: None,
        stated: None,
        computed: None,
        difference: None,
        tolerance: rule.tolerance.absolute,
        verdict: Verdict::NotEvaluated,
        likely_cause: None,
        suspect: None,
        evidence: String::new(),
        place: None,
        stated_from: Vec::new(),
        computed_from: Vec::new(),
        less_from: Vec::new(),
        detail: Detail::Whole,
    }
}

/// `<id>[<key=value;…>]`; what separates is escaped inside a value, so that no two groups share an id.
pub(super) fn instance<'t>(
    id: &str,
    texts: impl Iterator<Item = (Key, &'t str)> + Clone,
) -> String {
    const SEPARATORS: [char; 5] = [';', '=', '[', ']', '\\'];
    let longest: usize = texts
        .clone()
        .map(|(key, text)| key.word().len() + text.len() + 2)
        .sum();
    let mut instance = String::with_capacity(id.len() + longest + 1);
    instance.push_str(id);
    let mut before = '[';
    for (key, text) in texts {
        instance.push(before);
        before = ';';
        instance.push_str(key.word());
        instance.push('=');
        for piece in text.split_inclusive(SEPARATORS) {
            match piece.strip_suffix(SEPARATORS) {
                Some(plain) => {
                    instance.push_str(plain);
                    instance.push('\\');
                    instance.push_str(&piece[plain.len()..]);
                }
                None => instance.push_str(piece),
            }
        }
    }
    if before == ';' {
        instance.push(']');
    }
    instance
}
