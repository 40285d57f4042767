//! Selecting: the figures of one side of a statement, under the names that grouping and matching see.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::Figure;
use crate::{
    diagnostics::At,
    rules::totals::{Key, Selector, Source},
    tables::CodeList,
};

/// Figures by table, so that a statement looks only at those it may select.
pub(super) struct Index<'f> {
    pub(super) figures: &'f [Figure],
    by_table: HashMap<&'f str, Vec<usize>>,
}

impl<'f> Index<'f> {
    pub(super) fn new(figures: &'f [Figure]) -> Self {
        let mut by_table: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, figure) in figures.iter().enumerate() {
            by_table.entry(&figure.table).or_default().push(index);
        }
        Self { figures, by_table }
    }

    /// The figures of `tables`, in order; of any without.
    fn candidates(&self, tables: Option<&[At<String>]>) -> Vec<usize> {
        let Some(tables) = tables else {
            return (0..self.figures.len()).collect();
        };
        let tables: HashSet<&str> = tables.iter().map(|t| t.value.as_str()).collect();
        let mut found: Vec<usize> = tables
            .iter()
            .filter_map(|table| self.by_table.get(table))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found
    }
}

/// A selected figure.
pub(super) struct Picked {
    /// Its index.
    pub(super) figure: usize,
    /// Its category after prefix, codes and parents.
    category: Arc<str>,
    /// The code that it is, in the selector's list.
    pub(super) code: Option<usize>,
}

/// The figures of one side.
pub(super) struct Side<'f> {
    /// What the kind calls it.
    pub(super) name: &'static str,
    /// The figures in their order.
    pub(super) picked: Vec<Picked>,
    /// Words that the selector lists and no selected figure has.
    pub(super) unused: Vec<String>,
    /// The selector in one line.
    pub(super) settings: String,
    figures: &'f [Figure],
    overwritten: HashMap<Key, Arc<str>>,
}

impl<'f> Side<'f> {
    /// The figures of `index` that `selector` selects; `source` where the selector names none. `Err` says what it names and nobody has.
    pub(super) fn select(
        name: &'static str,
        selector: &Selector,
        source: Option<Source>,
        index: &Index<'f>,
        lists: &[CodeList],
    ) -> Result<Self, String> {
        let codes = match &selector.codes {
            Some(list) => Some(Codes::new(&list.value, selector.groups_by_parent(), lists)?),
            None => None,
        };
        let mut filters: Vec<Filter<'_>> = Key::ALL
            .iter()
            .filter_map(|key| Some(Filter::new(*key, selector.texts(*key)?)))
            .collect();
        let left_out: HashSet<&str> = selector
            .not_category
            .iter()
            .flat_map(|texts| &texts.0)
            .map(|text| text.value.as_str())
            .collect();
        let source = source.filter(|_| selector.source.is_none());
        let mut picked = Vec::new();
        for figure in index.candidates(selector.texts(Key::Table)) {
            let facts = &index.figures[figure];
            if source.is_some_and(|source| facts.source != source) {
                continue;
            }
            let Some(stripped) = strip(selector, &facts.category) else {
                continue;
            };
            let code = codes.as_ref().and_then(|codes| codes.code(stripped));
            let category = code.map_or(stripped, |(_, code, _)| &**code);
            if left_out.contains(category)
                || !filters.iter().all(|filter| filter.accepts(facts, category))
            {
                continue;
            }
            for filter in &mut filters {
                filter.mark_used(facts, category);
            }
            let category = match code {
                Some((_, _, name)) => Arc::clone(name),
                None if stripped.len() == facts.category.len() => Arc::clone(&facts.category),
                None => Arc::from(stripped),
            };
            let code = code.map(|(code, _, _)| code);
            picked.push(Picked {
                figure,
                category,
                code,
            });
        }
        let unused = filters.iter().flat_map(Filter::unused).collect();
        let overwritten = Key::ALL
            .iter()
            .filter_map(|key| Some((*key, Arc::from(selector.overwritten(*key)?.value.as_str()))))
            .collect();
        Ok(Self {
            name,
            picked,
            unused,
            settings: selector.describe(),
            figures: index.figures,
            overwritten,
        })
    }

    /// The figure behind a selected one.
    pub(super) fn figure(&self, picked: usize) -> &'f Figure {
        &self.figures[self.picked[picked].figure]
    }

    /// Where a figure stands among the selected ones.
    pub(super) fn place_of(&self, figure: usize) -> Option<usize> {
        self.picked.binary_search_by_key(&figure, |p| p.figure).ok()
    }

    /// What grouping and matching see under `key`.
    pub(super) fn text(&self, picked: usize, key: Key) -> &str {
        match self.overwritten.get(&key) {
            Some(text) => text,
            None if key == Key::Category => &self.picked[picked].category,
            None => self.figure(picked).text(key),
        }
    }

    /// The same, to keep.
    pub(super) fn key(&self, picked: usize, key: Key) -> Arc<str> {
        match self.overwritten.get(&key) {
            Some(text) => Arc::clone(text),
            None if key == Key::Category => Arc::clone(&self.picked[picked].category),
            None => self.figure(picked).key(key),
        }
    }
}

/// The texts that one key may have.
struct Filter<'s> {
    key: Key,
    /// With whether a selected figure has it.
    texts: HashMap<&'s str, bool>,
    /// In declared order.
    order: Vec<&'s str>,
}

impl<'s> Filter<'s> {
    fn new(key: Key, texts: &'s [At<String>]) -> Self {
        let order: Vec<&str> = texts.iter().map(|text| text.value.as_str()).collect();
        let texts = order.iter().map(|text| (*text, false)).collect();
        Self { key, texts, order }
    }

    fn accepts(&self, figure: &Figure, category: &str) -> bool {
        self.texts.contains_key(self.text(figure, category))
    }

    fn mark_used(&mut self, figure: &Figure, category: &str) {
        if let Some(used) = self.texts.get_mut(text(self.key, figure, category)) {
            *used = true;
        }
    }

    fn text<'t>(&self, figure: &'t Figure, category: &'t str) -> &'t str {
        text(self.key, figure, category)
    }

    fn unused(&self) -> impl Iterator<Item = String> {
        let unused = |text: &&&str| self.texts.get(**text) == Some(&false);
        let unused = self.order.iter().filter(unused);
        unused.map(|text| format!("{} `{text}`", self.key))
    }
}

fn text<'t>(key: Key, figure: &'t Figure, category: &'t str) -> &'t str {
    match key {
        Key::Category => category,
        other => figure.text(other),
    }
}

/// The category without the selector's prefix and suffix; `None` when it does not have them.
fn strip<'t>(selector: &Selector, category: &'t str) -> Option<&'t str> {
    let rest = match &selector.strip_prefix {
        Some(prefix) => category.strip_prefix(prefix.value.as_str())?,
        None => category,
    };
    match &selector.strip_suffix {
        Some(suffix) => rest.strip_suffix(suffix.value.as_str()),
        None => Some(rest),
    }
}

/// A code list as a selector uses it.
struct Codes<'l> {
    list: &'l CodeList,
    /// Each code with the name that it goes by afterwards: itself or its parent.
    names: Vec<(Arc<str>, Arc<str>)>,
}

impl<'l> Codes<'l> {
    fn new(name: &str, by_parent: bool, lists: &'l [CodeList]) -> Result<Self, String> {
        let list = lists
            .iter()
            .find(|list| list.name.as_str() == name)
            .ok_or_else(|| format!("there is no code list `{name}`"))?;
        let names = list.codes.iter().map(|code| {
            let own: Arc<str> = Arc::from(code.code.as_str());
            let parent = code.parent.as_deref().filter(|_| by_parent);
            (Arc::clone(&own), parent.map_or(own, Arc::from))
        });
        Ok(Self {
            list,
            names: names.collect(),
        })
    }

    /// The code that `text` stands for: its place in the list, itself, and the name that it goes by.
    fn code(&self, text: &str) -> Option<(usize, &Arc<str>, &Arc<str>)> {
        let place = self.list.lookup.get(text)?.code;
        let (code, name) = self.names.get(place)?;
        Some((place, code, name))
    }
}
