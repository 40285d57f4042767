//! Selecting: the figures of one side of a statement, under the names that grouping and matching see.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use super::{Figure, Series, by_address::ByAddress, figures::Shared};
use crate::{
    diagnostics::At,
    rules::totals::{Key, Selector, Source},
    tables::CodeList,
};

/// Figures by table, so that a statement looks only at those it may select.
pub(super) struct Index<'f> {
    pub(super) figures: &'f [Figure],
    /// Where figures of each table follow one another: there may be millions of figures, and their tables stand together.
    by_table: HashMap<&'f str, Vec<Range<usize>>>,
}

impl<'f> Index<'f> {
    pub(super) fn new(figures: &'f [Figure]) -> Self {
        let mut by_table: HashMap<&str, Vec<Range<usize>>> = HashMap::new();
        let mut start = 0;
        for run in figures.chunk_by(|one, next| one.table == next.table) {
            let end = start + run.len();
            by_table.entry(&run[0].table).or_default().push(start..end);
            start = end;
        }
        Self { figures, by_table }
    }

    /// The figures of `tables`, in order; of any without.
    fn candidates(&self, tables: Option<&[At<String>]>) -> impl Iterator<Item = usize> {
        let mut runs: Vec<Range<usize>> = match tables {
            None => std::iter::once(0..self.figures.len()).collect(),
            Some(tables) => {
                let tables: HashSet<&str> = tables.iter().map(|t| t.value.as_str()).collect();
                let runs = tables.iter().filter_map(|table| self.by_table.get(table));
                runs.flatten().cloned().collect()
            }
        };
        runs.sort_unstable_by_key(|run| run.start);
        runs.into_iter().flatten()
    }
}

/// A selected figure; there may be millions, so it is small.
#[derive(Clone, Copy)]
pub(super) struct Picked {
    figure: u32,
    /// Its category, as a place in [`Side::words`].
    word: u32,
}

impl Picked {
    /// Its index.
    pub(super) fn figure(self) -> usize {
        self.figure as usize
    }
}

/// A category after prefix, codes and parents.
struct Word {
    text: Arc<str>,
    /// The code that it is, in the selector's list; lists are short enough for small numbers.
    code: Option<u32>,
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
    overwritten: Vec<(Key, Arc<str>)>,
    /// The categories of the figures; some may be there twice.
    words: Vec<Word>,
    /// The series of the figures, each with the first of those that follow one another.
    series: Vec<(usize, &'f Series)>,
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
        let (mut picked, mut words) = (Vec::new(), Vec::new());
        let mut series_of: Vec<(usize, &'f Series)> = Vec::new();
        // What a series or a category comes to is found out once: figures of a series follow one another.
        let mut last: Option<(&Arc<Series>, Fit)> = None;
        let mut known = ByAddress::new();
        let mut shared = Shared::default();
        for figure in index.candidates(selector.texts(Key::Table)) {
            let facts = &index.figures[figure];
            let series = &facts.stated_at.series;
            let fit = match last {
                Some((same, fit)) if Arc::ptr_eq(same, series) => fit,
                _ if source.is_some_and(|source| source != series.source) => Fit::No,
                _ if filters.iter().all(|filter| filter.accepts_series(series)) => Fit::Unused,
                _ => Fit::No,
            };
            last = Some((series, fit));
            if fit == Fit::No {
                continue;
            }
            let word = known.get_or(&facts.category, || {
                let stripped = strip(selector, &facts.category)?;
                let code = codes.as_ref().and_then(|codes| codes.code(stripped));
                let category = code.map_or(stripped, |code| code.own);
                let accepted = !left_out.contains(category)
                    && filters
                        .iter_mut()
                        .all(|filter| filter.accept_category(category));
                let place = u32::try_from(words.len()).ok().filter(|_| accepted)?;
                words.push(Word {
                    text: shared.text(code.map_or(stripped, |code| code.name)),
                    code: code.and_then(|code| u32::try_from(code.place).ok()),
                });
                Some(place)
            });
            // Numbers of 32 bits are enough for more figures than memory holds.
            let (Some(word), Ok(figure)) = (word, u32::try_from(figure)) else {
                continue;
            };
            if fit == Fit::Unused {
                filters
                    .iter_mut()
                    .for_each(|filter| filter.mark_used(series));
                last = Some((series, Fit::Used));
            }
            let same = series_of
                .last()
                .is_some_and(|(_, last)| std::ptr::eq(*last, &**series));
            if !same {
                series_of.push((picked.len(), &**series));
            }
            picked.push(Picked { figure, word });
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
            words,
            series: series_of,
        })
    }

    /// The figure behind a selected one.
    pub(super) fn figure(&self, picked: usize) -> &'f Figure {
        &self.figures[self.picked[picked].figure()]
    }

    /// Where a figure stands among the selected ones.
    pub(super) fn place_of(&self, figure: usize) -> Option<usize> {
        self.picked
            .binary_search_by_key(&figure, |p| p.figure())
            .ok()
    }

    /// The code that a figure is, in the selector's list.
    pub(super) fn code(&self, picked: usize) -> Option<u32> {
        self.word(picked).code
    }

    fn word(&self, picked: usize) -> &Word {
        &self.words[self.picked[picked].word as usize]
    }

    /// What grouping and matching see under `key`.
    pub(super) fn text(&self, picked: usize, key: Key) -> &str {
        match self.overwritten(key) {
            Some(text) => text,
            None if key == Key::Category => &self.word(picked).text,
            None => self.figure(picked).text(key),
        }
    }

    /// The same, to keep.
    pub(super) fn key(&self, picked: usize, key: Key) -> Arc<str> {
        match self.overwritten(key) {
            Some(text) => Arc::clone(text),
            None if key == Key::Category => Arc::clone(&self.word(picked).text),
            None => self.figure(picked).key(key),
        }
    }

    /// Every text under `key`; some may be there twice.
    pub(super) fn texts(&self, key: Key) -> Box<dyn Iterator<Item = &str> + '_> {
        match self.overwritten(key) {
            Some(text) => Box::new(std::iter::once(&**text)),
            None if key == Key::Category => Box::new(self.words.iter().map(|word| &*word.text)),
            None => Box::new(self.series.iter().map(move |(_, series)| series.text(key))),
        }
    }

    /// Hands on each figure's place with what `rank` says of its text under `key`, asking it about no text for each figure.
    pub(super) fn ranked(
        &self,
        key: Key,
        rank: impl Fn(&str) -> u32,
        mut each: impl FnMut(usize, u32),
    ) {
        let ranks: Vec<u32> = self.texts(key).map(rank).collect();
        let is_overwritten = self.overwritten(key).is_some();
        let mut ends = self
            .series
            .iter()
            .skip(1)
            .map(|(start, _)| *start)
            .peekable();
        let mut series = 0;
        for (place, picked) in self.picked.iter().enumerate() {
            series += usize::from(ends.next_if_eq(&place).is_some());
            each(
                place,
                match key {
                    _ if is_overwritten => ranks[0],
                    Key::Category => ranks[picked.word as usize],
                    _ => ranks[series],
                },
            );
        }
    }

    fn overwritten(&self, key: Key) -> Option<&Arc<str>> {
        let mut overwritten = self.overwritten.iter();
        overwritten.find_map(|(other, text)| (*other == key).then_some(text))
    }
}

/// Whether figures of a series can be selected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    No,
    /// They can, and none was.
    Unused,
    Used,
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

    /// Whether it lets the figures of `series` through; it does when it is about their categories.
    fn accepts_series(&self, series: &Series) -> bool {
        self.key == Key::Category || self.texts.contains_key(series.text(self.key))
    }

    /// Whether it lets figures of `category` through, one of which is then selected.
    fn accept_category(&mut self, category: &str) -> bool {
        if self.key != Key::Category {
            return true;
        }
        let used = self.texts.get_mut(category);
        used.map(|used| *used = true).is_some()
    }

    /// A figure of `series` was selected.
    fn mark_used(&mut self, series: &Series) {
        if self.key != Key::Category
            && let Some(used) = self.texts.get_mut(series.text(self.key))
        {
            *used = true;
        }
    }

    fn unused(&self) -> impl Iterator<Item = String> {
        let unused = |text: &&&str| self.texts.get(**text) == Some(&false);
        let unused = self.order.iter().filter(unused);
        unused.map(|text| format!("{} `{text}`", self.key))
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
    by_parent: bool,
}

impl<'l> Codes<'l> {
    fn new(name: &str, by_parent: bool, lists: &'l [CodeList]) -> Result<Self, String> {
        let list = lists
            .iter()
            .find(|list| list.name.as_str() == name)
            .ok_or_else(|| format!("there is no code list `{name}`"))?;
        Ok(Self { list, by_parent })
    }

    /// The code that `text` stands for.
    fn code(&self, text: &str) -> Option<Coded<'l>> {
        let place = self.list.meaning(text)?.code;
        let code = self.list.codes.get(place)?;
        let parent = code.parent.as_deref().filter(|_| self.by_parent);
        Some(Coded {
            place,
            own: &code.code,
            name: parent.unwrap_or(&code.code),
        })
    }
}

/// A code.
#[derive(Clone, Copy)]
struct Coded<'l> {
    /// Its place in the list.
    place: usize,
    own: &'l str,
    /// What it goes by afterwards: itself or its parent.
    name: &'l str,
}
