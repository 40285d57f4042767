//! Finds the few bytes that part fields and records, sixty-four bytes at a time.

/// Walks over the places of some bytes in a text that is handed in at each step.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// Where the block of `mask` begins.
    base: usize,
    /// Bit n: such a byte stands at `base + n` and was not handed out.
    mask: u64,
    /// The first byte that no mask covered.
    next: usize,
}

const BLOCK: usize = 64;

impl Marks {
    /// The next place in `text` of a byte that `is` one; both are the same at every call, and zero is none.
    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
        while self.mask == 0 {
            let rest = text.get(self.next..)?;
            if rest.is_empty() {
                return None;
            }
            self.base = self.next;
            self.next += BLOCK;
            self.mask = match rest.first_chunk::<BLOCK>() {
                Some(block) => places(block, &is),
                // No byte that is looked for is zero, so the padding has no place.
                None => {
                    let mut block = [0; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    places(&block, &is)
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

/// Bit n is set where byte n of the block is one that is looked for; `is` compares without branches.
///
/// Plain loops that compile to vector comparisons and eight multiplications; vector intrinsics would need `unsafe`.
#[inline(always)]
fn places(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let found: [u8; BLOCK] = std::array::from_fn(|n| u8::from(is(block[n])));
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
    use super::{
        super::signs::{Plain, Signs},
        *,
    };

    #[test]
    fn every_byte_value_at_every_place_is_told_apart() {
        for place in 0..BLOCK {
            for byte in 0..=u8::MAX {
                let mut block = [b'x'; BLOCK];
                block[place] = byte;
                let expected = u64::from(matches!(byte, b',' | b'\n' | b'"' | b'\r')) << place;
                assert_eq!(
                    places(&block, |byte| Plain.of_fields(byte)),
                    expected,
                    "{byte} at {place}"
                );
            }
        }
        let all = [b','; BLOCK];
        assert_eq!(places(&all, |byte| Plain.of_fields(byte)), u64::MAX);
    }

    #[test]
    fn marks_are_the_places_with_and_without_skips() {
        let is_comma = |byte| byte == b',';
        for length in [0, 1, 63, 64, 65, 128, 200] {
            let text: Vec<u8> = (0..length)
                .map(|n| if n % 7 == 3 { b',' } else { b'a' })
                .collect();
            for skip in 0..=length {
                let mut marks = Marks::default();
                let first = marks.next(&text, is_comma);
                assert_eq!(first, (length > 3).then_some(3));
                if skip <= 3 {
                    continue;
                }
                marks.skip_to(skip);
                let mut found = Vec::new();
                while let Some(place) = marks.next(&text, is_comma) {
                    found.push(place);
                }
                let expected: Vec<usize> = (skip..length).filter(|n| n % 7 == 3).collect();
                assert_eq!(found, expected, "length {length}, skip to {skip}");
            }
        }
    }
}
