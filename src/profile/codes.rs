//! Codes that are probably the same: written otherwise, or misspelt.

/// A code and the more usual one that it is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Index of the code.
    pub code: usize,
    /// Index of the usual one.
    pub usual: usize,
    /// Whether they differ in more than case, blanks and punctuation.
    pub misspelt: bool,
}

/// Codes beside more usual ones that they are like, in their order. `codes` come with how often each is found, the most
/// usual first.
///
/// Another spelling differs in case, blanks, punctuation or a plural. A slip differs in one edit, is rare and at most a fifth as
/// usual; codes that differ in a digit are different codes, and those of one or two letters may be anything.
pub fn near(codes: &[(&str, u64)]) -> Vec<Near> {
    let all: u64 = codes.iter().map(|(_, n)| n).sum();
    let rare = (all / 1_000).max(3);
    let plain: Vec<String> = codes.iter().map(|(code, _)| plain(code)).collect();
    let lower: Vec<String> = codes.iter().map(|(code, _)| code.to_lowercase()).collect();
    let digits: Vec<(String, String)> = lower
        .iter()
        .map(|code| code.chars().partition(char::is_ascii_digit))
        .collect();
    let long = |at: usize| lower[at].chars().nth(2).is_some();
    (0..codes.len())
        .filter_map(|code| {
            let found = |usual: usize, misspelt| Near {
                code,
                usual,
                misspelt,
            };
            let same = |usual: &usize| !plain[code].is_empty() && plain[code] == plain[*usual];
            if let Some(usual) = (0..code).find(same) {
                return Some(found(usual, false));
            }
            let slip = |usual: &usize| {
                codes[code].1 * 5 <= codes[*usual].1
                    && !(digits[code].1 == digits[*usual].1 && digits[code].0 != digits[*usual].0)
                    && lower[code].len().abs_diff(lower[*usual].len()) <= 4
                    && strsim::osa_distance(&lower[code], &lower[*usual]) == 1
            };
            if codes[code].1 > rare || !long(code) {
                return None;
            }
            (0..code).find(slip).map(|usual| found(usual, true))
        })
        .collect()
}

fn plain(code: &str) -> String {
    let kept = code.chars().filter(|c| c.is_alphanumeric());
    let plain: String = kept.flat_map(char::to_lowercase).collect();
    // One or several of a thing is no slip; `yes` and `ye` are another matter.
    match plain.strip_suffix('s') {
        Some(one) if one.len() > 4 => one.to_owned(),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_and_slips_are_told_from_other_codes() {
        let codes = [
            ("Closed", 12_000),
            ("No", 5_000),
            ("need_10", 900),
            ("Open", 800),
            ("New-Ideas", 200),
            ("CLOSED", 70),
            ("need_11", 2),
            ("need_1O", 1),
            ("Clsoed", 1),
            ("N", 1),
            ("New idea", 1),
            ("Nno", 1),
            ("Opened", 1),
        ];
        let near: Vec<(&str, &str, bool)> = near(&codes)
            .iter()
            .map(|n| (codes[n.code].0, codes[n.usual].0, n.misspelt))
            .collect();
        let want = [
            ("CLOSED", "Closed", false),
            ("need_1O", "need_10", true),
            ("Clsoed", "Closed", true),
            ("New idea", "New-Ideas", false),
            ("Nno", "No", true),
        ];
        assert_eq!(near, want);
    }
}
