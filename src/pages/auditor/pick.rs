//! Which rows of the log the page holds: all of rules that found little, the first of those that found much.

use std::{collections::BTreeMap, path::Path};

use crate::feeds::{
    FeedError,
    rows::{batches, broken, texts},
};

/// Rows that are read at a time.
const BATCH: usize = 8_192;

/// A row of the log, and its rule as a place in the rules.
pub type Picked = (u64, usize);

/// The first rows of each rule, as many as its quota says, in the order of the log.
pub fn pick(
    log: &Path,
    rules: &BTreeMap<&str, usize>,
    quotas: &[u64],
) -> Result<Vec<Picked>, FeedError> {
    let mut left = quotas.to_vec();
    let mut wanted: u64 = quotas.iter().sum();
    let (mut picked, mut row) = (Vec::new(), 0);
    // The log is sorted by rule, so that most rows are of the rule of the one before.
    let mut last: Option<(String, Option<usize>)> = None;
    if wanted == 0 {
        return Ok(picked);
    }
    for batch in batches(log, &["rule_id"], None, BATCH)? {
        let batch = batch.map_err(|source| broken(log, source))?;
        let ids = texts(&batch, "rule_id");
        for at in 0..batch.num_rows() {
            let id = ids(at);
            if last.as_ref().is_none_or(|(known, _)| known != id) {
                last = Some((id.to_owned(), rules.get(id).copied()));
            }
            let rule = last.as_ref().and_then(|(_, rule)| *rule);
            if let Some(rule) = rule
                && let Some(left) = left.get_mut(rule).filter(|left| **left > 0)
            {
                *left -= 1;
                wanted -= 1;
                picked.push((row, rule));
            }
            row += 1;
        }
        if wanted == 0 {
            break;
        }
    }
    Ok(picked)
}

/// Those of `picked` that lower quotas leave.
pub fn fewer(picked: &[Picked], quotas: &[u64]) -> Vec<Picked> {
    let mut left = quotas.to_vec();
    let keep = |picked: &&Picked| match left.get_mut(picked.1) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    picked.iter().filter(keep).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_quotas_leave_the_first() {
        let picked = [(0, 0), (1, 0), (2, 1), (7, 0), (9, 1)];
        assert_eq!(fewer(&picked, &[2, 1]), [(0, 0), (1, 0), (2, 1)]);
        assert_eq!(fewer(&picked, &[0, 9]), [(2, 1), (9, 1)]);
    }
}
