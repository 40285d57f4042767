//! One statement: its sides are selected, what they lack is said, and its kind compares the rest.

use std::sync::Arc;

use super::{
    Checked, Reconciliation, Verdict,
    evidence::places,
    groups::GroupKey,
    pairs,
    select::{Index, Side},
    shares, sums,
};
use crate::{
    decimal::Decimal,
    diagnostics::At,
    rules::totals::{Check, Key, Source, Statement},
    tables::CodeList,
};

/// The rows of one statement, in the order of their keys.
pub(super) fn run(
    statement: &Statement,
    index: &Index<'_>,
    lists: &[CodeList],
) -> Vec<Reconciliation> {
    let rule = Arc::new(Checked::of(statement));
    match Run::prepare(statement, &rule, index, lists) {
        Ok(run) => run.rows(&statement.check),
        Err(reason) => vec![whole_row(&rule, reason)],
    }
}

/// A statement with its figures.
pub(super) struct Run<'f> {
    pub(super) rule: Arc<Checked>,
    pub(super) by: Vec<Key>,
    /// The keys of a total or whole, as places in `by`.
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
        let by = keys(check.by())?;
        let on = match check.narrower() {
            None => (0..by.len()).collect(),
            Some((name, narrower)) => keys(narrower)?
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
                Side::select(name, &selector.value, source, index, lists)
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

    fn rows(&self, check: &Check) -> Vec<Reconciliation> {
        let empty: Vec<String> = self
            .sides
            .iter()
            .filter(|side| side.picked.is_empty())
            .map(|side| format!("`{}` selects no figure ({})", side.name, side.settings))
            .collect();
        if !empty.is_empty() {
            return vec![whole_row(&self.rule, empty.join("; "))];
        }
        let mut rows: Vec<Reconciliation> = self
            .sides
            .iter()
            .filter(|side| !side.unused.is_empty())
            .map(|side| {
                let unused = side.unused.join(", ");
                let reason = format!("`{}` selects no figure of {unused}", side.name);
                let mut row = whole_row(&self.rule, reason);
                row.statement.push_str(&format!("[{}]", side.name));
                row
            })
            .collect();
        let mut groups = match check {
            Check::SumsTo(_) => sums::rows(self),
            Check::Equals(_) => pairs::rows(self, pairs::Kind::Equals),
            Check::SubsetOf(_) => pairs::rows(self, pairs::Kind::SubsetOf),
            Check::ControlTotal(_) => pairs::rows(self, pairs::Kind::ControlTotal),
            Check::ShareOf(share) => shares::rows(self, share),
        };
        // A total without parts comes among the groups, where a reader looks for it.
        groups.sort_by(|(one, _), (other, _)| one.cmp(other));
        rows.extend(groups.into_iter().map(|(_, row)| row));
        rows
    }

    /// The values of `on` among those of `by`.
    pub(super) fn project(&self, group: &GroupKey) -> GroupKey {
        self.on.iter().map(|place| group[*place]).collect()
    }

    /// The keys of a total or whole.
    pub(super) fn on_keys(&self) -> Vec<Key> {
        self.on.iter().map(|place| self.by[*place]).collect()
    }

    /// A row without a verdict yet: the group is about what the figures of `lead` have in common, `keys` among it.
    pub(super) fn row(
        &self,
        keys: &[Key],
        (lead, members): (&Side<'_>, &[usize]),
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
            statement: instance(&self.rule.rule_id, texts),
            population: about(Key::Population),
            period: about(Key::Period),
            category: about(Key::Category),
            ..whole_row(&self.rule, String::new())
        }
    }

    /// Sets the verdict of two figures that must be the same within the tolerance.
    pub(super) fn compare(&self, row: &mut Reconciliation, stated: Decimal, computed: Decimal) {
        self.settle(row, stated, computed, |difference| {
            Some(difference.checked_abs()? <= self.rule.tolerance)
        });
    }

    /// Sets figures, difference and verdict; `agrees` judges the difference.
    pub(super) fn settle(
        &self,
        row: &mut Reconciliation,
        stated: Decimal,
        computed: Decimal,
        agrees: impl Fn(Decimal) -> Option<bool>,
    ) {
        row.stated = Some(stated);
        row.computed = Some(computed);
        row.difference = computed.checked_sub(stated);
        match row.difference.and_then(agrees) {
            Some(true) => row.verdict = Verdict::Agrees,
            Some(false) => row.verdict = Verdict::Disagrees,
            None => row
                .evidence
                .push_str("; their difference is too large to be computed"),
        }
    }
}

impl Reconciliation {
    /// Adds the places of the stated figures.
    pub(super) fn stated_by(&mut self, side: &Side<'_>, members: &[usize]) {
        self.stated_at = places(side, members);
        self.stated_from = members.iter().map(|m| side.picked[*m].figure).collect();
    }

    /// Adds the places of figures that it is held against.
    pub(super) fn held_against(&mut self, side: &Side<'_>, members: &[usize]) {
        if !self.computed_at.is_empty() {
            self.computed_at.push_str("; ");
        }
        self.computed_at.push_str(&places(side, members));
        let figures = members.iter().map(|m| side.picked[*m].figure);
        self.computed_from.extend(figures);
    }

    /// Says why there is no verdict.
    pub(super) fn not_evaluated(&mut self, reason: String) {
        self.verdict = Verdict::NotEvaluated;
        self.evidence = reason;
    }
}

impl Checked {
    fn of(statement: &Statement) -> Self {
        Self {
            rule_id: statement.id.value.clone(),
            version: statement.version(),
            kind: statement.check.word(),
            severity: statement.severity(),
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
fn default_source(check: &Check, side: &str) -> Option<Source> {
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
        rule: Arc::clone(rule),
        population: None,
        period: None,
        category: None,
        stated: None,
        computed: None,
        difference: None,
        verdict: Verdict::NotEvaluated,
        likely_cause: None,
        suspect: None,
        evidence: reason,
        stated_at: String::new(),
        computed_at: String::new(),
        stated_from: Vec::new(),
        computed_from: Vec::new(),
    }
}

/// `<id>[<key=value;…>]`; what separates is escaped inside a value, so that no two groups share an id.
pub(super) fn instance<'t>(id: &str, texts: impl Iterator<Item = (Key, &'t str)>) -> String {
    const SEPARATORS: [char; 5] = [';', '=', '[', ']', '\\'];
    let mut instance = id.to_owned();
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
