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
