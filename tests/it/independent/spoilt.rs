//! Small exports in which every kind of cell is spoilt somewhere, the same for the same seed.

use std::path::Path;

use super::delivery::day;

/// Rows of each table.
const ROWS: usize = 600;
/// One cell of so many is spoilt.
const CELLS: u64 = 12;
/// One row of so many comes again.
const AGAIN: u64 = 15;

/// Writes the first rows of each export, spoilt.
pub fn write(exports: &Path, folder: &Path, seed: u64) {
    let mut dice = Dice(seed);
    let mut names: Vec<_> = std::fs::read_dir(exports)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    for name in names {
        let mut reader = csv::Reader::from_path(exports.join(&name)).unwrap();
        let header = reader.headers().unwrap().clone();
        let rows = reader.records().take(ROWS).map(|r| r.unwrap());
        let mut rows: Vec<Vec<String>> = rows
            .map(|r| r.iter().map(str::to_owned).collect())
            .collect();
        for at in 0..rows.len() {
            if dice.one_of(AGAIN) {
                rows.push(rows[at].clone());
            }
        }
        let whole = rows.clone();
        for row in &mut rows {
            for at in 0..row.len() {
                if dice.one_of(CELLS) {
                    let elsewhere = &whole[dice.below(whole.len())][at];
                    let beside = row[dice.below(row.len())].clone();
                    row[at] = spoil(&row[at], elsewhere, &beside, &mut dice);
                }
            }
        }
        let mut writer = csv::Writer::from_path(folder.join(&name)).unwrap();
        writer.write_record(&header).unwrap();
        rows.iter()
            .for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
    }
}

fn spoil(cell: &str, elsewhere: &str, beside: &str, dice: &mut Dice) -> String {
    let other_format = |text: &str| {
        let (year, month, day) = day(text)?;
        Some(format!("{day:02}/{month:02}/{year:04}"))
    };
    match dice.below(18) {
        0 => String::new(),
        1 => "   ".to_owned(),
        2 => format!(" {cell}\u{a0}"),
        3 => format!("\u{200b}{cell}\u{feff}"),
        4 => cell.replace(' ', "  "),
        5 => cell.replace(' ', "\n"),
        6 => cell.replace(' ', "\u{a0}\t"),
        7 => cell.to_lowercase(),
        8 => cell.to_uppercase(),
        9 => format!("{cell}x"),
        10 => format!("\"{cell}\""),
        11 => other_format(cell).unwrap_or_else(|| elsewhere.to_owned()),
        12 => "31/02/2017".to_owned(),
        13 => "2017-10-10".to_owned(),
        14 => "1890-01-01".to_owned(),
        15 => beside.to_owned(),
        _ => elsewhere.to_owned(),
    }
}

/// SplitMix64: the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_of(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }
}
