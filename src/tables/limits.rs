//! What reading a file may cost.

use serde::{Deserialize, Serialize};

/// What a file may cost. A breach is an error that names the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A chunk ends with the first record that reaches this size; clamped to 1 byte … 1 GiB.
    pub chunk_bytes: usize,
    /// The longest record, without its line break; clamped to 1 GiB.
    pub record_bytes: usize,
    /// The longest field, as it is delivered.
    pub field_bytes: usize,
    /// The most columns of a header.
    pub columns: usize,
    /// The header, with what stands before it, must end within so many bytes.
    pub header_bytes: usize,
    /// The most records, rows and rejects together, of a batch; at least 1.
    pub batch_rows: usize,
    /// The largest file, as it is delivered.
    pub file_bytes: u64,
    /// The most that a compressed file, or all parts of a workbook together, may hold.
    pub unpacked_bytes: u64,
    /// So many times its own size may a compressed file hold; counted from [`Limits::RATIO_FROM`] on.
    pub compression_ratio: u64,
    /// How deep values of JSON Lines and types of Parquet may be nested.
    pub nesting: usize,
    /// The most sheets of a workbook.
    pub sheets: usize,
    /// The most files that a workbook is packed of.
    pub entries: usize,
    /// What the process that reads a workbook, Parquet or a compressed file may hold, in bytes beyond what it starts with.
    pub reader_memory: u64,
    /// How long that process may compute, in seconds of a processor.
    pub reader_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chunk_bytes: 16 << 20,
            record_bytes: 1 << 20,
            field_bytes: 1 << 20,
            columns: 4096,
            header_bytes: 1 << 20,
            batch_rows: 16_384,
            file_bytes: 64 << 30,
            unpacked_bytes: 64 << 30,
            compression_ratio: 200,
            nesting: 64,
            sheets: 256,
            entries: 10_000,
            reader_memory: 256 << 20,
            reader_seconds: 3600,
        }
    }
}

impl Limits {
    /// Chunk and record together stay under 2 GiB, so that places inside a chunk and Arrow's offsets fit 31 bits.
    pub const MOST: usize = (1 << 30) - 1;
    /// Less than this no ratio of compression is too much, in bytes.
    pub const RATIO_FROM: u64 = 16 << 20;

    /// [`Self::chunk_bytes`] within its bounds.
    pub fn chunk(&self) -> u64 {
        self.chunk_bytes.clamp(1, Self::MOST) as u64
    }

    /// [`Self::record_bytes`] within its bounds.
    pub fn record(&self) -> u64 {
        self.record_bytes.min(Self::MOST) as u64
    }
}

/// Bytes, written as such or as a number with K, M or G, which are powers of 1024; `iB` and `B` may follow.
///
/// # Errors
/// What is wrong with the text and what to write instead.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_ascii_uppercase();
    let unit = unit.trim_end_matches('B').trim_end_matches('I');
    let factor: u64 = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => {
            return Err(format!(
                "`{text}` is no size: write bytes, or a number with K, M or G, such as 512M"
            ));
        }
    };
    let number: u64 = digits.parse().map_err(|_| {
        format!("`{text}` is no size: write a whole number with K, M or G, such as 512M")
    })?;
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("`{text}` is more than this machine can count"))
}
