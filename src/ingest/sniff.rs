//! Finds out from the beginning of a file how it is written and where its header stands.
//!
//! What is declared stands. The rest is tried: the right delimiter is the one under which a record holds the most names
//! of declared columns; the right quote and escape are the ones under which the most records have as many fields as the
//! header. Plain CSV wins where others are no better.

use std::collections::{BTreeMap, BTreeSet};

use memchr::{memchr, memchr_iter};

use super::{
    Dialect, Foreign, IngestError, Limits, Remark,
    columns::field,
    records::{Ends, Records, Span},
    signs::Custom,
};
use crate::tables::{Quote, Reading};

/// So much of a file is looked at.
const SAMPLE: usize = 256 << 10;
/// The header is looked for in so many lines that are not blank, and is no longer than so many bytes.
const LINES: usize = 50;
const LINE: usize = 64 << 10;
/// Delimiters, and those that only declared names give away.
const DELIMITERS: [u8; 7] = [b',', b';', b'\t', b'|', b'^', b'~', b':'];
const USUAL: usize = 4;

/// How a file begins.
#[derive(Clone, Debug)]
pub(super) struct Top {
    pub dialect: Dialect,
    /// Where the record of the header begins in the file, blank lines not counted, and its line.
    pub start: usize,
    pub line: u64,
    /// The place in the file where the header must have ended.
    pub limit: usize,
    /// What is to be told of it.
    pub remarks: Vec<Remark>,
}

/// How a file begins of which `head` is known; `None` asks for more of it.
pub(super) fn top(
    file: &str,
    head: &[u8],
    whole: bool,
    reading: &Reading,
    expected: &[Vec<&str>],
    limits: &Limits,
) -> Result<Option<Top>, IngestError> {
    if let Some(format) = Foreign::told_by(head) {
        return Err(IngestError::Foreign {
            file: file.to_owned(),
            format,
        });
    }
    let mark = match head.starts_with(b"\xEF\xBB\xBF") {
        true => 3,
        false => 0,
    };
    let limit = limits.header_bytes.min(Span::MOST).saturating_add(mark);
    let row = reading.header_row.unwrap_or(1);
    let start = line_start(head, mark, row);
    let start = start.filter(|start| row == 1 || *start < head.len());
    if start.unwrap_or(head.len()) > limit {
        return Err(IngestError::HeaderTooLong {
            file: file.to_owned(),
            line: row,
            limit: limits.header_bytes,
            quote: None,
        });
    }
    let Some(start) = start else {
        return match whole {
            true => Err(IngestError::NoHeaderRow {
                file: file.to_owned(),
                line: row,
            }),
            false => Ok(None),
        };
    };
    let end = start.saturating_add(SAMPLE);
    if head.len() < end && !whole {
        return Ok(None);
    }
    let sep = sep_line(&head[mark..]).map(|(delimiter, length)| (delimiter, mark + length));
    let (start, row) = match sep {
        Some((_, behind)) if behind > start => (behind, 2),
        _ => (start, row),
    };
    let sample = Sample {
        text: head.get(start..end.min(head.len())).unwrap_or_default(),
        whole: whole && head.len() <= end,
        lines: match reading.header_row {
            Some(_) => 1,
            None => LINES,
        },
        names: (expected.iter().enumerate())
            .flat_map(|(column, names)| names.iter().map(move |name| (*name, column)))
            .collect(),
        wanted: expected.len(),
        columns: limits.columns,
    };
    let told = sep.map(|(delimiter, _)| delimiter);
    let (found, certain) = sample.sniff(reading, told);
    let Found {
        dialect, header, ..
    } = found;
    let (at, line) = (start + header.start, row + header.line);

    let mut remarks = Vec::new();
    if !certain {
        remarks.push(Remark {
            about: "dialect".to_owned(),
            line: Some(line),
            found: dialect.to_string(),
            message: format!(
                "how its fields are parted was found out and is not certain: {dialect}; write `delimiter`, `quote` or `escape` in the table\u{2019}s `source` to be sure"
            ),
        });
    }
    let (first, first_line) = sep.map_or((mark, 1), |(_, behind)| (behind, 2));
    let before = head.get(first..at).unwrap_or_default();
    let passed_over = before.iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
    // Where the header's line is declared, what stands above it is known.
    if passed_over && reading.header_row.is_none() {
        let count = line - first_line;
        let lines = if count == 1 { "line" } else { "lines" };
        let were = if count == 1 { "stands" } else { "stand" };
        remarks.push(Remark {
            about: "preamble".to_owned(),
            line: Some(first_line),
            found: format!("{count} {lines}"),
            message: format!(
                "{count} {lines} {were} before the header on line {line} and were passed over; write `header_row` in the table\u{2019}s `source` if the header is another line"
            ),
        });
    }
    Ok(Some(Top {
        dialect,
        start: at,
        line,
        limit,
        remarks,
    }))
}

/// Where line `row` begins, if that is known.
fn line_start(head: &[u8], mark: usize, row: u64) -> Option<usize> {
    let Some(breaks) = row.checked_sub(2) else {
        return Some(mark);
    };
    let before = usize::try_from(breaks).ok()?;
    memchr_iter(b'\n', head).nth(before).map(|at| at + 1)
}

/// The delimiter that a first line such as `sep=;` tells, and the length of that line.
fn sep_line(text: &[u8]) -> Option<(u8, usize)> {
    let end = memchr(b'\n', text).unwrap_or(text.len());
    let line = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
    let unquoted = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\""));
    let (name, signs) = unquoted.unwrap_or(line).split_at_checked(4)?;
    match signs {
        [sign @ (b'\t' | b' '..=b'~')]
            if name.eq_ignore_ascii_case(b"sep=")
                && !sign.is_ascii_alphanumeric()
                && *sign != b'"' =>
        {
            Some((*sign, (end + 1).min(text.len())))
        }
        _ => None,
    }
}

/// Whether a sign may be the delimiter: it is declared to be nothing else.
fn may_part(reading: &Reading, sign: u8) -> bool {
    reading.quote != Some(Quote::Byte(sign)) && reading.escape != Some(sign)
}

/// The part of a file that is looked at, from where its header may stand.
struct Sample<'a> {
    text: &'a [u8],
    /// Whether the file ends with it.
    whole: bool,
    /// In so many lines stands the header.
    lines: usize,
    /// The headers of declared columns, each with its column, and how many columns there are.
    names: BTreeMap<&'a str, usize>,
    wanted: usize,
    columns: usize,
}

/// A record that may be the header.
#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    start: usize,
    /// The lines before it.
    line: u64,
    fields: usize,
    /// The declared names that it holds.
    names: usize,
}

/// What was found under one dialect.
#[derive(Clone, Copy, Debug)]
struct Found {
    dialect: Dialect,
    header: Candidate,
    /// The most declared names of a record.
    names: usize,
}

/// How well the records fit a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fit {
    /// Records with as many fields as the header, itself among them.
    good: u64,
    bad: u64,
    /// Records with a field in quotes.
    quoted: u64,
}

impl Sample<'_> {
    /// What is found, and whether it is certain. A delimiter is `told` by the file itself.
    fn sniff(&self, reading: &Reading, told: Option<u8>) -> (Found, bool) {
        let told = told.filter(|sign| may_part(reading, *sign));
        let delimiter = reading.delimiter.or(told);
        let of = |delimiter| self.quotings(reading, delimiter);
        let mut best: Option<Found> = None;
        let usual = delimiter.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
        let usual = usual.into_iter().filter(|sign| may_part(reading, *sign));
        for delimiter in usual {
            // The first is looked at even if it does not occur: a file may have one column.
            if best.is_some() && memchr(delimiter, self.text).is_none() {
                continue;
            }
            for dialect in of(delimiter) {
                let found = self.header(dialect);
                if best.is_none_or(|best| found.names > best.names) {
                    best = Some(found);
                }
                if found.names == self.wanted {
                    break;
                }
            }
            if best.is_some_and(|best| best.names == self.wanted) {
                break;
            }
        }
        let mut best = best.unwrap_or_else(|| self.header(Dialect::default()));
        if best.names == 0 && delimiter.is_none() && best.header.fields == 1 {
            best = self.parted_alike(reading).unwrap_or(best);
        }
        let certain = delimiter.is_some()
            || best.dialect.delimiter == b','
            || !self.names.is_empty() && best.names == self.wanted;
        let plain = self.names.is_empty() && *reading == Reading::default();
        if plain && best.dialect == Dialect::default() {
            return (best, true);
        }
        let refined = self.refine(best, of(best.dialect.delimiter));
        (refined, certain && refined.dialect == best.dialect)
    }

    /// The dialects of one delimiter, the plainest first, as far as the file has their signs.
    fn quotings(&self, reading: &Reading, delimiter: u8) -> Vec<Dialect> {
        let quotes = match reading.quote {
            Some(quote) => vec![quote],
            None => vec![Quote::Byte(b'"'), Quote::Byte(b'\'')],
        };
        let escapes = match reading.escape {
            Some(escape) => vec![Some(escape)],
            None => vec![None, Some(b'\\')],
        };
        let mut all = Vec::new();
        for escape in escapes {
            for quote in &quotes {
                let of_quote = match quote {
                    Quote::Nothing => None,
                    Quote::Byte(byte) => Some(*byte),
                };
                let differ = of_quote != Some(delimiter)
                    && escape != Some(delimiter)
                    && (escape.is_none() || escape != of_quote);
                let occurs = |sign: Option<u8>| {
                    all.is_empty() || sign.is_none_or(|sign| memchr(sign, self.text).is_some())
                };
                // The double quote is the one to fall back on.
                if differ && (of_quote == Some(b'"') || occurs(of_quote)) && occurs(escape) {
                    all.push(Dialect {
                        delimiter,
                        quote: *quote,
                        escape,
                    });
                }
            }
        }
        if all.is_empty() {
            all.push(Dialect {
                delimiter,
                quote: reading.quote.unwrap_or(Quote::Nothing),
                escape: reading.escape,
            });
        }
        all
    }

    /// The header under one dialect: the record that has all names, else most of them, else the first.
    fn header(&self, dialect: Dialect) -> Found {
        let signs = Custom::of(&dialect);
        let mut spans = vec![Span::default(); self.columns.min(self.text.len() + 1)];
        let mut first: Option<Candidate> = None;
        let mut best = Candidate::default();
        for (line, start) in self.line_starts().take(self.lines) {
            let window = &self.text[start..self.text.len().min(start + LINE)];
            let Some(record) = Records::new(0).next(signs, window, &mut spans) else {
                break;
            };
            let is_last = start + window.len() == self.text.len() && self.whole;
            let complete = record.ends == Ends::Line || (record.ends == Ends::Text && is_last);
            let names: BTreeSet<usize> = match complete && record.flaw.is_none() {
                true => spans
                    .iter()
                    .take(record.fields)
                    .filter_map(|span| self.name(&field(signs, window, *span)))
                    .collect(),
                false => BTreeSet::new(),
            };
            let seen = Candidate {
                start,
                line,
                fields: record.fields,
                names: names.len(),
            };
            first.get_or_insert(seen);
            if seen.names == self.wanted {
                // An earlier one of the same shape is the header of the table, with a name that is none.
                let header = match self.may_be_header(best) && best.fields == seen.fields {
                    true => best,
                    false => seen,
                };
                return Found {
                    dialect,
                    header,
                    names: seen.names,
                };
            }
            if seen.names > best.names {
                best = seen;
            }
        }
        Found {
            dialect,
            header: match self.may_be_header(best) {
                true => best,
                false => first.unwrap_or_default(),
            },
            names: best.names,
        }
    }

    /// Whether a record holds enough of the names.
    fn may_be_header(&self, record: Candidate) -> bool {
        record.names >= self.wanted.min(2) && record.names > 0 && 2 * record.names > self.wanted
    }

    /// The lines that are not blank, from 0, and where each begins.
    fn line_starts(&self) -> impl Iterator<Item = (u64, usize)> {
        let breaks = memchr_iter(b'\n', self.text).map(|at| at + 1);
        let starts = (0..).zip(std::iter::once(0).chain(breaks));
        starts.filter(|(_, start)| {
            let line = &self.text[*start..];
            !matches!(line, [] | [b'\n', ..] | [b'\r'] | [b'\r', b'\n', ..])
        })
    }

    /// The declared column whose name, or another of its headers, `text` is.
    fn name(&self, text: &[u8]) -> Option<usize> {
        let text = std::str::from_utf8(text).ok()?;
        self.names.get(text.trim()).copied()
    }

    /// A dialect that parts all records alike, into two fields or more.
    fn parted_alike(&self, reading: &Reading) -> Option<Found> {
        let others = DELIMITERS[1..USUAL].iter();
        let others = others.filter(|sign| may_part(reading, **sign));
        let mut dialects = others.flat_map(|delimiter| self.quotings(reading, *delimiter));
        dialects.find_map(|dialect| {
            let found = self.header(dialect);
            let fit = self.fit(&found);
            (found.header.fields > 1 && fit.bad == 0 && fit.good > 0).then_some(found)
        })
    }

    /// The same delimiter with the quote and the escape under which the most records fit the header.
    fn refine(&self, plain: Found, dialects: Vec<Dialect>) -> Found {
        let mut best = plain;
        let first = self.fit(&plain);
        let mut fit = first;
        for dialect in dialects {
            // Where quotes were found, no other ones are looked for; where all fits, nothing is escaped.
            let other_quote = dialect.quote != plain.dialect.quote;
            let other_escape = dialect.escape != plain.dialect.escape;
            if !other_quote && !other_escape
                || other_quote && first.quoted > 0
                || other_escape && fit.bad == 0
            {
                continue;
            }
            let found = self.header(dialect);
            let now = self.fit(&found);
            let is_usual = 2 * now.quoted >= now.good;
            let quotes = other_quote && best.dialect == plain.dialect && is_usual;
            if found.names >= best.names
                && now.bad <= fit.bad
                && (now.good > fit.good || quotes && now.good == fit.good && now.quoted > 0)
            {
                (best, fit) = (found, now);
            }
        }
        best
    }

    /// How well the records under the header fit it.
    fn fit(&self, found: &Found) -> Fit {
        let signs = Custom::of(&found.dialect);
        let width = found.header.fields;
        let text = self.text.get(found.header.start..).unwrap_or_default();
        let mut fit = Fit {
            good: 0,
            bad: 0,
            quoted: 0,
        };
        let mut spans = vec![Span::default(); width];
        let mut records = Records::new(0);
        while let Some(record) = records.next(signs, text, &mut spans) {
            if record.ends != Ends::Line && !self.whole {
                break;
            }
            let closed = !matches!(record.ends, Ends::Quoted(_));
            match closed && record.flaw.is_none() && record.fields == width {
                true => fit.good += 1,
                false => fit.bad += 1,
            }
            let mut fields = spans.iter().take(record.fields);
            fit.quoted += u64::from(fields.any(|span| span.is_quoted(text, signs)));
        }
        fit
    }
}
