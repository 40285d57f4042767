//! How many rows of each rule are told where not all of them can be.

/// Parts `budget` among `counts` as water fills vessels: none gets more than it has, and what small ones leave goes to the
/// large, which get the same; what cannot be parted evenly goes to the first of them, one each.
pub fn quotas(counts: &[u64], budget: u64) -> Vec<u64> {
    let mut smallest_first: Vec<u64> = counts.to_vec();
    smallest_first.sort_unstable();
    let (mut left, mut sharing) = (budget, counts.len() as u64);
    for count in smallest_first {
        if count > left / sharing {
            break;
        }
        left -= count;
        sharing -= 1;
    }
    // All are small where nobody is left to share.
    let share = left.checked_div(sharing).unwrap_or(u64::MAX);
    let mut over = left.checked_rem(sharing).unwrap_or(0);
    let quota = |count: &u64| {
        if *count <= share {
            return *count;
        }
        let more = u64::from(over > 0);
        over -= more;
        share + more
    };
    counts.iter().map(quota).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_rules_are_told_whole_and_large_ones_alike() {
        for (counts, budget, want) in [
            (&[][..], 5, &[][..]),
            (&[3, 4], 7, &[3, 4]),
            (&[3, 4], 100, &[3, 4]),
            (&[1, 100, 100], 21, &[1, 10, 10]),
            (&[100, 1, 100], 22, &[11, 1, 10]),
            (&[5, 5, 5], 2, &[1, 1, 0]),
            (&[5, 0], 0, &[0, 0]),
            (&[u64::MAX, 1], 10, &[9, 1]),
        ] {
            assert_eq!(quotas(counts, budget), want, "{counts:?} {budget}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_budget_is_used_and_parted_fairly(counts in proptest::collection::vec(0_u64..50, 0..12), budget in 0_u64..300) {
            let parts = quotas(&counts, budget);
            let all: u64 = counts.iter().sum();
            prop_assert_eq!(parts.iter().sum::<u64>(), all.min(budget));
            let cut: Vec<u64> = counts.iter().zip(&parts).filter(|(c, p)| c != p).map(|(_, p)| *p).collect();
            let most = parts.iter().max().copied().unwrap_or(0);
            for (count, part) in counts.iter().zip(&parts) {
                prop_assert!(part <= count);
            }
            // Whoever was cut has as much as anybody, but for one row.
            prop_assert!(cut.iter().all(|part| part + 1 >= most), "{:?} {:?}", counts, parts);
        }
    }
}
