//! `hierarchy`: the members of each group, as a code list knows them, add up to the group's own figure.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use foldhash::fast::FixedState;

use super::{
    Reconciliation,
    amounts::Amount,
    evidence,
    groups::{Groups, Ranks},
    rows::{Detail, InOrder, Rows},
    run::{Run, instance},
    select::Side,
};
use crate::{
    decimal::Decimal,
    diagnostics::At,
    rules::totals::{Hierarchy, Key},
    tables::CodeList,
};

/// Codes that are named where they are not printed; of more, their number.
const FEW: usize = 5;

pub(super) fn rows(run: &Run<'_>, settings: &Hierarchy, lists: &[CodeList], rows: &mut dyn Rows) {
    let [members, groups] = run.sides.as_slice() else {
        return;
    };
    let mut lists = lists.iter();
    let Some(list) = lists.find(|list| list.name.as_str() == settings.codes.value) else {
        return;
    };
    let family = &Family::new(list, settings);
    let names = family.groups.iter().map(|(name, _)| *name);
    let ranks = Ranks::with(&run.sides, &run.by, names);
    let levels = Levels {
        family,
        members,
        groups,
    };
    let members = Groups::of(members, &run.by, &ranks, |place| levels.is_member(place));
    let groups = Groups::of(groups, &run.on_keys(), &ranks, |place| {
        levels.is_group(place)
    });
    let ranked = family.groups.iter().zip(0..);
    let mut ranked: Vec<(u32, usize)> = ranked
        .filter_map(|((name, _), group)| Some((ranks.of(name)?, group)))
        .collect();
    ranked.sort_unstable();
    let hierarchy = Printed {
        run,
        family,
        members,
        groups,
        ranked,
    };
    hierarchy.rows(rows);
}

/// The groups of a code list with their members.
struct Family<'l> {
    list: &'l CodeList,
    /// The codes of each group that the statement is about.
    groups: Vec<(&'l str, Vec<u32>)>,
    index: HashMap<&'l str, usize, FixedState>,
    /// Whether each code of the list has a parent.
    has_parent: Vec<bool>,
}

impl<'l> Family<'l> {
    fn new(list: &'l CodeList, settings: &Hierarchy) -> Self {
        let members = &settings.members.value;
        let texts = |texts: Option<&[At<String>]>| -> Option<HashSet<String>> {
            texts.map(|texts| texts.iter().map(|text| text.value.clone()).collect())
        };
        let only = texts(members.texts(Key::Category));
        let never = texts(members.not_category.as_ref().map(|t| t.0.as_slice()));
        let mut family = Self {
            list,
            groups: Vec::new(),
            index: HashMap::default(),
            has_parent: list
                .codes
                .iter()
                .map(|code| code.parent.is_some())
                .collect(),
        };
        for (place, code) in list.codes.iter().enumerate() {
            let about = only.as_ref().is_none_or(|only| only.contains(&code.code))
                && never
                    .as_ref()
                    .is_none_or(|never| !never.contains(&code.code));
            if let Some(parent) = code.parent.as_deref().filter(|_| about) {
                let new = family.groups.len();
                let group = *family.index.entry(parent).or_insert(new);
                if group == new {
                    family.groups.push((parent, Vec::new()));
                }
                family.groups[group].1.extend(u32::try_from(place));
            }
        }
        family
    }

    fn members(&self, group: &str) -> Option<&[u32]> {
        let group = *self.index.get(group)?;
        Some(&self.groups[group].1)
    }

    fn has_group(&self, code: Option<u32>) -> bool {
        code.is_some_and(|code| self.has_parent.get(code as usize) == Some(&true))
    }

    /// `none of its 3 members in `sites``.
    fn none_of(&self, codes: &[u32]) -> String {
        let list = &self.list.name;
        match codes.len() {
            1 => format!("its only member in `{list}` is not"),
            several => format!("none of its {several} members in `{list}` is"),
        }
    }

    /// `Easton, Weston (until 2015-05-07)`: those of the group's codes that are not among `printed`, which is sorted.
    fn not_printed(&self, group: usize, printed: &[u32]) -> Option<String> {
        let (_, codes) = &self.groups[group];
        let missing: Vec<u32> = codes
            .iter()
            .filter(|code| printed.binary_search(code).is_err())
            .copied()
            .collect();
        let name = |code: &u32| {
            let code = self.list.codes.get(*code as usize)?;
            Some(match code.valid_to {
                Some(end) => format!("{} (until {end})", code.code),
                None => code.code.clone(),
            })
        };
        let mut names: Vec<String> = missing.iter().take(FEW).filter_map(name).collect();
        if missing.len() > FEW {
            names.push(format!("and {} more", missing.len() - FEW));
        }
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// Which figures of two sides are members and which are groups: a table that prints both levels may be selected twice.
struct Levels<'a, 'f> {
    family: &'a Family<'a>,
    members: &'a Side<'f>,
    groups: &'a Side<'f>,
}

impl Levels<'_, '_> {
    /// A figure that belongs to no group and is one itself is no member.
    fn is_member(&self, place: usize) -> bool {
        let figure = self.members.picked[place].figure();
        self.family.has_group(self.members.code(place)) || self.groups.place_of(figure).is_none()
    }

    /// A figure that has no members and is one itself is no group.
    fn is_group(&self, place: usize) -> bool {
        let name = self.groups.text(place, Key::Category);
        let is_member = || {
            let place = self.members.place_of(self.groups.picked[place].figure());
            place.is_some_and(|place| self.family.has_group(self.members.code(place)))
        };
        self.family.index.contains_key(name) || !is_member()
    }
}

/// A group that has no members to be held against.
enum Other<'l> {
    /// A group that is printed, and no member of it is.
    Lonely(usize),
    /// A group of the list that is not printed, nor any member of it, although members of others are.
    Absent {
        name: &'l str,
        /// A figure that shares the other keys.
        like: usize,
    },
}

/// What is printed of the two levels.
struct Printed<'r, 'f> {
    run: &'r Run<'f>,
    family: &'r Family<'r>,
    members: Groups<'r, 'f>,
    groups: Groups<'r, 'f>,
    /// The groups of the list by the ranks of their names, which keys hold.
    ranked: Vec<(u32, usize)>,
}

impl<'r> Printed<'r, '_> {
    fn rows(&self, rows: &mut dyn Rows) {
        let keys = (0..self.members.len()).map(|group| self.members.key(group));
        let found = keys.filter_map(|key| self.groups.find(&self.run.project(key)));
        let lonely = self.run.lonely(&self.groups, found).into_iter();
        let mut others: Vec<(Vec<u32>, Other<'_>)> = lonely
            .map(|(key, group)| (key, Other::Lonely(group)))
            .collect();
        self.absent(&mut others);
        let other = |other: &Other<'_>, detail| match *other {
            Other::Lonely(group) => self.lonely_row(group, detail),
            Other::Absent { name, like } => self.absent_row(name, like, detail),
        };
        let mut in_order = InOrder::new(others, &other, rows);
        for group in 0..self.members.len() {
            let key = self.members.key(group);
            in_order.push(key, &|detail| {
                self.row(key, self.members.members(group), detail)
            });
        }
        in_order.finish();
    }

    /// Where the category stands in a key.
    fn category(&self) -> Option<usize> {
        self.run.by.iter().position(|key| *key == Key::Category)
    }

    /// The group of the list that a key is about.
    fn listed(&self, key: &[u32]) -> Option<usize> {
        let rank = key.get(self.category()?)?;
        let at = self.ranked.binary_search_by_key(rank, |(rank, _)| *rank);
        Some(self.ranked[at.ok()?].1)
    }

    /// The figures of the group that `key` belongs to.
    fn group(&self, key: &[u32]) -> Option<&[usize]> {
        let group = self.groups.find(&self.run.project(key))?;
        Some(self.groups.members(group))
    }

    /// The sum of a group's figures, where it has one.
    fn stated(&self, figures: &[usize]) -> Option<Decimal> {
        let amount = Amount::of(self.groups.side, figures).ok()?;
        amount.range.exact()
    }

    /// A group that is printed alone.
    fn lonely_row(&self, group: usize, detail: Detail) -> Reconciliation {
        let figures = self.groups.members(group);
        let mut row = self.run.lonely_row(&self.groups, group, detail);
        row.not_evaluated(self.childless(figures));
        row.stated = self.stated(figures);
        row
    }

    /// A group with its members.
    fn row(&self, key: &[u32], printed: &[usize], detail: Detail) -> Reconciliation {
        let side = self.members.side;
        let code = |place: &usize| side.code(*place);
        let is_member = |place: &usize| self.family.has_group(code(place));
        let mut row = self.run.row(&self.run.by, (side, printed), detail);
        let strays: Vec<usize> = printed.iter().filter(|p| !is_member(p)).copied().collect();
        let members = match strays.is_empty() {
            true => Cow::Borrowed(printed),
            false => printed.iter().filter(|p| is_member(p)).copied().collect(),
        };
        let group = self.group(key);
        if let Some(figures) = group {
            row.stated_by(self.groups.side, figures);
        }
        row.held_against(
            side,
            if members.is_empty() {
                &strays
            } else {
                &members
            },
        );
        if members.is_empty() {
            let mut reason = self.stray(&strays);
            if let Some(figures) = group {
                row.stated = self.stated(figures);
                reason.push_str("; ");
                reason.push_str(&self.childless(figures));
            }
            row.not_evaluated(reason);
            return row;
        }
        let group = group.map(|figures| Amount::of(self.groups.side, figures));
        match (Amount::of(side, &members), group.transpose()) {
            (Err(reason), _) | (_, Err(reason)) => row.not_evaluated(reason),
            (Ok(sum), Ok(None)) => {
                row.computed = sum.range.exact();
                let sum = evidence::parts_alone(&sum, "member");
                row.not_evaluated(format!("{sum} and no figure of the group is printed"));
            }
            (Ok(sum), Ok(Some(group))) => {
                row.say(|| evidence::sum(&sum, "member", &group));
                self.run.compare(&mut row, &group, &sum);
            }
        }
        if detail == Detail::Whole {
            let mut codes: Vec<u32> = members.iter().filter_map(code).collect();
            codes.sort_unstable();
            let group = self.listed(key);
            let missing = group.and_then(|group| self.family.not_printed(group, &codes));
            if let Some(missing) = missing {
                row.evidence.push_str("; not printed: ");
                row.evidence.push_str(&missing);
            }
            if !strays.is_empty() {
                row.evidence.push_str("; left out: ");
                row.evidence.push_str(&self.stray(&strays));
            }
        }
        row
    }

    /// Why a figure among the members is none.
    fn stray(&self, figures: &[usize]) -> String {
        let side = self.members.side;
        let list = &self.family.list.name;
        let Some(first) = figures.first() else {
            return String::new();
        };
        let name = side.text(*first, Key::Category);
        match side.code(*first) {
            Some(_) => format!("`{name}` has no parent in `{list}`, so it is in no group"),
            None => format!("`{name}` is no code of `{list}`, so it is in no group"),
        }
    }

    /// Why a group's figure is held against nothing.
    fn childless(&self, figures: &[usize]) -> String {
        let side = self.groups.side;
        let name = figures
            .first()
            .map_or("", |first| side.text(*first, Key::Category));
        match self.family.members(name) {
            Some(codes) => format!("the group is printed and {}", self.family.none_of(codes)),
            None => {
                let list = &self.family.list.name;
                format!("`{name}` has no members: it is the parent of no code of `{list}`")
            }
        }
    }

    /// The groups of the list that are printed nowhere under keys under which others have members. (One that is printed has members elsewhere, or is among the lonely.)
    fn absent(&self, absent: &mut Vec<(Vec<u32>, Other<'r>)>) {
        let Some(category) = self.category() else {
            return;
        };
        // A key under each combination of the others, and a figure that has them.
        let mut others: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        let mut key = Vec::new();
        for group in 0..self.members.len() {
            key.clear();
            key.extend_from_slice(self.members.key(group));
            key[category] = 0;
            if !others.contains_key(&key)
                && let Some(first) = self.members.members(group).first()
            {
                others.insert(key.clone(), *first);
            }
        }
        for (mut key, like) in others {
            for (rank, group) in &self.ranked {
                key[category] = *rank;
                if self.members.find(&key).is_none() && self.group(&key).is_none() {
                    let name = self.family.groups[*group].0;
                    absent.push((key.clone(), Other::Absent { name, like }));
                }
            }
        }
    }

    fn absent_row(&self, name: &str, like: usize, detail: Detail) -> Reconciliation {
        let side = self.members.side;
        let rest: Vec<Key> = self
            .run
            .by
            .iter()
            .copied()
            .filter(|key| *key != Key::Category)
            .collect();
        let texts = self.run.by.iter().map(|key| match key {
            Key::Category => (*key, name),
            _ => (*key, side.text(like, *key)),
        });
        let mut row = Reconciliation {
            statement: instance(&self.run.rule.rule_id, texts),
            category: Some(name.into()),
            ..self.run.row(&rest, (side, &[like]), detail)
        };
        let codes = self.family.members(name).unwrap_or_default();
        let none = self.family.none_of(codes);
        row.not_evaluated(format!("the group is not printed, and {none}"));
        row
    }
}
