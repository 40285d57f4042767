//! Which of many names are within a few edits of a text, without working out a distance for each of them.

use strsim::osa_distance;

/// Characters of a text up to which what was worked out for the beginning of one name is kept for the next.
const KEPT: usize = 100;

/// A name in a sequence that is ordered by spelling.
#[derive(Debug)]
pub(super) struct Near {
    /// Its number.
    pub name: usize,
    /// Its characters.
    pub bag: Bag,
    /// How many characters at its start the name before it has as well.
    pub shared: usize,
}

impl Near {
    pub(super) fn new(name: usize, plain: &str, before: Option<&str>) -> Self {
        let pairs = plain.chars().zip(before.unwrap_or_default().chars());
        Self {
            name,
            bag: Bag::of(plain),
            shared: pairs.take_while(|(a, b)| a == b).count(),
        }
    }
}

/// The characters of a text without their order: one bit for each, and for each time up to the fourth that it comes again. What
/// shares a bit is taken for one, so that two texts may differ more than their bags and never less.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bag(u128);

impl Bag {
    pub(super) fn of(text: &str) -> Self {
        let mut seen = [0_u8; 128];
        let mut bits = 0;
        for c in text.chars() {
            let kind = c as usize % 128;
            let times = seen[kind];
            if times < 4 {
                seen[kind] += 1;
                // Small letters and figures that come again take the places of what names in small letters seldom have.
                bits |= 1 << ((kind + 96 * usize::from(times)) % 128);
            }
        }
        Self(bits)
    }

    /// Whether so many edits may make one text the other: each puts one character in at most, and takes one out.
    pub(super) fn is_near(self, other: Self, edits: usize) -> bool {
        let more = |a: u128, b: u128| (a & !b).count_ones() as usize;
        more(self.0, other.0) <= edits && more(other.0, self.0) <= edits
    }
}

/// Distances of one text from names in their order. What is known of their common beginning is not worked out again.
#[derive(Debug)]
pub(super) struct Rows<'t> {
    spelling: &'t str,
    text: Vec<char>,
    allowed: usize,
    /// The characters of the name at hand that rows are known of.
    known: Vec<char>,
    /// Row by row, one more than `known`: the distance of so many characters of the name from so many of the text.
    cells: Vec<usize>,
    /// Whether `known` is too far from everything that the text begins with, so that no name with this beginning is near.
    too_far: bool,
}

impl<'t> Rows<'t> {
    pub(super) fn new(spelling: &'t str, allowed: usize) -> Self {
        let text: Vec<char> = spelling.chars().collect();
        Self {
            spelling,
            allowed,
            known: Vec::new(),
            cells: (0..=text.len()).collect(),
            too_far: false,
            text,
        }
    }

    /// Goes on to the next name, which has so many characters of the one before: whether these alone are too far.
    pub(super) fn begins_too_far(&mut self, shared: usize) -> bool {
        if shared < self.known.len() {
            self.known.truncate(shared);
            self.cells.truncate((shared + 1) * (self.text.len() + 1));
            self.too_far = false;
        }
        self.too_far
    }

    /// How far the name at hand is, unless that is more than is allowed.
    pub(super) fn distance(&mut self, name: &str) -> Option<usize> {
        if self.text.len() > KEPT {
            let distance = osa_distance(self.spelling, name);
            return (distance <= self.allowed).then_some(distance);
        }
        for c in name.chars().skip(self.known.len()) {
            if self.add_row(c) > self.allowed {
                self.too_far = true;
                return None;
            }
        }
        self.cells
            .last()
            .copied()
            .filter(|distance| *distance <= self.allowed)
    }

    /// The row of one more character of the name, and the least distance in it: no later row has a lesser one.
    fn add_row(&mut self, c: char) -> usize {
        let width = self.text.len() + 1;
        let above = self.cells.len() - width;
        let before = self.known.last().copied();
        let mut left = self.known.len() + 1;
        let mut least = left;
        self.cells.push(left);
        for (at, own) in self.text.iter().enumerate() {
            let other = usize::from(*own != c);
            let mut distance = (self.cells[above + at] + other)
                .min(self.cells[above + at + 1] + 1)
                .min(left + 1);
            if at > 0 && before == Some(*own) && self.text[at - 1] == c {
                distance = distance.min(self.cells[above - width + at - 1] + 1);
            }
            self.cells.push(distance);
            least = least.min(distance);
            left = distance;
        }
        self.known.push(c);
        least
    }
}
