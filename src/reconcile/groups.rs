//! Grouping and matching: hash joins on keys, and results in the order of the keys.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Figure, select::Side};
use crate::rules::totals::Key;

/// The values of a group's keys.
pub(super) type GroupKey = Vec<Arc<str>>;

/// The figures of a side by the values of some keys; members are places in [`Side::picked`].
pub(super) struct Groups<'s, 'f> {
    pub(super) side: &'s Side<'f>,
    members: HashMap<GroupKey, Vec<usize>>,
}

impl<'s, 'f> Groups<'s, 'f> {
    pub(super) fn new(side: &'s Side<'f>, keys: &[Key]) -> Self {
        let mut members: HashMap<GroupKey, Vec<usize>> = HashMap::new();
        for place in 0..side.picked.len() {
            let group = keys.iter().map(|key| side.key(place, *key)).collect();
            members.entry(group).or_default().push(place);
        }
        Self { side, members }
    }

    pub(super) fn get(&self, group: &[Arc<str>]) -> Option<&[usize]> {
        self.members.get(group).map(Vec::as_slice)
    }

    /// The groups in the order of their keys.
    pub(super) fn sorted(&self) -> Vec<(&GroupKey, &[usize])> {
        let mut groups: Vec<_> = self
            .members
            .iter()
            .map(|(group, members)| (group, members.as_slice()))
            .collect();
        groups.sort_unstable_by_key(|(group, _)| *group);
        groups
    }
}

/// The one figure that `members` are; `Err` says why they are not one.
///
/// The same figure printed in several places is one figure when every place prints the same value.
pub(super) fn single<'f>(side: &Side<'f>, members: &[usize]) -> Result<&'f Figure, String> {
    let Some((first, others)) = members.split_first() else {
        return Err(format!("`{}` has no figure here", side.name));
    };
    const SAME: [Key; 6] = [
        Key::Source,
        Key::Table,
        Key::Period,
        Key::Population,
        Key::Category,
        Key::Measure,
    ];
    let figure = side.figure(*first);
    for other in others {
        let second = side.figure(*other);
        let differs = SAME
            .iter()
            .find(|key| side.key(*first, **key) != side.key(*other, **key));
        // Two rows of one table that a code list gives one name are two figures.
        let differs = differs.copied().or_else(|| {
            let two_rows = figure.origin == second.origin && figure.category != second.category;
            two_rows.then_some(Key::Category)
        });
        let count = members.len();
        if let Some(key) = differs {
            let (one, two) = (figure.key(key), second.key(key));
            return Err(format!(
                "`{}` selects {count} figures where one is meant: they differ in {key} (`{one}`, `{two}`); narrow the selector or add the key to `by`",
                side.name
            ));
        }
        if figure.value != second.value {
            return Err(format!(
                "`{}` is printed {count} times with different values: {} at {}, {} at {}",
                side.name,
                figure.value.grouped(),
                figure.stated_at,
                second.value.grouped(),
                second.stated_at
            ));
        }
    }
    Ok(figure)
}

/// Why `members` cannot be added, if they cannot.
pub(super) fn unaddable(side: &Side<'_>, members: &[usize]) -> Option<String> {
    let mut seen: HashMap<[&str; 5], &Figure> = HashMap::with_capacity(members.len());
    let mut measures: HashSet<&str> = HashSet::new();
    for place in members {
        let figure = side.figure(*place);
        measures.insert(&figure.measure);
        let identity: [&str; 5] = [
            &figure.table,
            &figure.period,
            &figure.population,
            &figure.category,
            figure.source.word(),
        ];
        if measures.len() > 1 {
            return Some(format!(
                "`{}` would add figures of different measures, {} at {} among them; choose one `measure` or add it to `by`",
                side.name, figure.measure, figure.stated_at
            ));
        }
        if let Some(first) = seen.insert(identity, figure) {
            return Some(format!(
                "`{}` would count `{}` twice, from {} and {}; choose one `origin` or add it to `by`",
                side.name, figure.category, first.stated_at, figure.stated_at
            ));
        }
    }
    None
}
