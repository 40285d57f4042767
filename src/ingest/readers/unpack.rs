//! Unpacks a compressed file, within what it may hold.

use std::{
    fs::File,
    io::{BufReader, Read, Write},
};

use super::{ReadError, Stopped};
use crate::{
    ingest::{isolated::Frames, written::Compression},
    tables::Limits,
};

pub(super) fn read(
    input: File,
    compression: Compression,
    limits: &Limits,
    out: &mut Frames<impl Write>,
) -> Result<(), Stopped> {
    let packed = input.metadata()?.len();
    let mut budget = Budget::new(packed, limits);
    let input = BufReader::with_capacity(64 << 10, input);
    let mut unpacked: Box<dyn Read> = match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(input)?),
    };
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = match unpacked.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stopped::damaged(why(&error))),
        };
        budget.spend(read as u64)?;
        out.bytes(&buffer[..read])?;
    }
}

fn why(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it ends in the middle, or something else follows",
        _ => "it cannot be unpacked",
    }
}

/// What may still be unpacked.
pub(super) struct Budget {
    unpacked: u64,
    most: u64,
    most_by_ratio: u64,
    ratio: u64,
}

impl Budget {
    pub(super) fn new(packed: u64, limits: &Limits) -> Self {
        let ratio = packed.saturating_mul(limits.compression_ratio);
        Self {
            unpacked: 0,
            most: limits.unpacked_bytes,
            most_by_ratio: ratio.max(Limits::RATIO_FROM),
            ratio: limits.compression_ratio,
        }
    }

    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), ReadError> {
        self.unpacked += bytes;
        if self.unpacked > self.most {
            return Err(ReadError::Unpacked(self.most));
        }
        if self.unpacked > self.most_by_ratio {
            return Err(ReadError::Ratio(self.ratio));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_to_the_byte() {
        let limits = |unpacked_bytes, compression_ratio| Limits {
            unpacked_bytes,
            compression_ratio,
            ..Limits::default()
        };
        let usual = Limits::RATIO_FROM;
        // Packed, the limits, what may be unpacked of it, and what a byte more breaks.
        for (packed, limits, most, words) in [
            (1000, limits(5000, 200), 5000, "limits.unpacked_size"),
            (1, limits(u64::MAX, 200), usual, "limits.compression_ratio"),
            (
                usual,
                limits(u64::MAX, 3),
                3 * usual,
                "limits.compression_ratio",
            ),
            (
                usual,
                limits(3 * usual, 3),
                3 * usual,
                "limits.unpacked_size",
            ),
        ] {
            let mut budget = Budget::new(packed, &limits);
            budget.spend(most - 1).expect("within");
            budget.spend(1).expect("at the limit");
            let error = budget.spend(1).expect_err("past it");
            assert!(error.to_string().contains(words), "{packed}: {error}");
        }
    }
}
