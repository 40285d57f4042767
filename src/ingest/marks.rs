//! Finds the few bytes that part fields and records, sixty-four bytes at a time.

/// Walks over the places of up to four bytes in a text that is handed in at each step.
///
/// The bytes are constants (none is zero), so that each use is compiled to comparisons with constants; repeat one to
/// look for fewer.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks<const A: u8, const B: u8, const C: u8, const D: u8> {
    /// Where the block of `mask` begins.
    base: usize,
    /// Bit n: one of the bytes stands at `base + n` and was not handed out.
    mask: u64,
    /// The first byte that no mask covered.
    next: usize,
}

const BLOCK: usize = 64;

impl<const A: u8, const B: u8, const C: u8, const D: u8> Marks<A, B, C, D> {
    /// The next place in `text`, which is the same text at every call.
    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8]) -> Option<usize> {
        while self.mask == 0 {
            let rest = text.get(self.next..)?;
            if rest.is_empty() {
                return None;
            }
            self.base = self.next;
            self.next += BLOCK;
            self.mask = match rest.first_chunk::<BLOCK>() {
                Some(block) => places::<A, B, C, D>(block),
                // No byte that is looked for is zero, so the padding has no place.
                None => {
                    let mut block = [0; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    places::<A, B, C, D>(&block)
                }
            };
        }
        let place = self.base + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(place)
    }

    /// Passes over all places before `to`, which is not before the last one.
    #[inline(always)]
    pub(super) fn skip_to(&mut self, to: usize) {
        if to < self.next {
            self.mask &= u64::MAX << (to - self.base);
        } else {
            self.mask = 0;
            self.next = to;
        }
    }
}

/// Bit n is set where byte n of the block is one of the four.
///
/// Plain loops that compile to vector comparisons and eight multiplications; vector intrinsics would need `unsafe`.
#[inline(always)]
fn places<const A: u8, const B: u8, const C: u8, const D: u8>(block: &[u8; BLOCK]) -> u64 {
    let found: [u8; BLOCK] = std::array::from_fn(|n| {
        u8::from((block[n] == A) | (block[n] == B) | (block[n] == C) | (block[n] == D))
    });
    let mut mask = 0;
    for (eighth, bytes) in found.as_chunks::<8>().0.iter().enumerate() {
        // Gathers eight bytes of 0 or 1 into the bits of one, first byte lowest.
        let gathered = u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= gathered << (8 * eighth);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_value_at_every_place_is_told_apart() {
        for place in 0..BLOCK {
            for byte in 0..=u8::MAX {
                let mut block = [b'x'; BLOCK];
                block[place] = byte;
                let expected = u64::from(matches!(byte, b',' | b'\n' | b'"' | b'\r')) << place;
                assert_eq!(
                    places::<b',', b'\n', b'"', b'\r'>(&block),
                    expected,
                    "{byte} at {place}"
                );
            }
        }
        let all = [b','; BLOCK];
        assert_eq!(places::<b',', b'\n', b'"', b'\r'>(&all), u64::MAX);
    }

    #[test]
    fn marks_are_the_places_with_and_without_skips() {
        for length in [0, 1, 63, 64, 65, 128, 200] {
            let text: Vec<u8> = (0..length)
                .map(|n| if n % 7 == 3 { b',' } else { b'a' })
                .collect();
            for skip in 0..=length {
                let mut marks = Marks::<b',', b',', b',', b','>::default();
                let first = marks.next(&text);
                assert_eq!(first, (length > 3).then_some(3));
                if skip <= 3 {
                    continue;
                }
                marks.skip_to(skip);
                let mut found = Vec::new();
                while let Some(place) = marks.next(&text) {
                    found.push(place);
                }
                let expected: Vec<usize> = (skip..length).filter(|n| n % 7 == 3).collect();
                assert_eq!(found, expected, "length {length}, skip to {skip}");
            }
        }
    }
}
