//! Finds the header among the first rows of a sheet. Of CSV `sniff` does so, where rows are not known before the dialect is, and
//! where a file without the declared names begins with its header and not with a title.

use std::collections::HashSet;

/// Which of `rows`, trimmed cells, is the header: the first that has all of the `expected` columns, each under one of its names, or the one that has most
/// of them, if it has more than half; else the first of the widest rows of texts that are no numbers.
pub(super) fn best(rows: &[Vec<String>], expected: &[Vec<String>]) -> Option<usize> {
    let named = |row: &Vec<String>| {
        let cells: HashSet<&String> = row.iter().collect();
        let has = |names: &&Vec<String>| names.iter().any(|name| cells.contains(name));
        expected.iter().filter(has).count()
    };
    let most = rows.iter().map(named).max().unwrap_or(0);
    if most * 2 > expected.len() && most > 0 {
        return rows.iter().position(|row| named(row) == most);
    }
    let width = |row: &Vec<String>| row.iter().filter(|cell| !cell.is_empty()).count();
    let widest = rows.iter().map(width).max().filter(|width| *width > 0)?;
    let is_number = |cell: &String| cell.parse::<f64>().is_ok();
    let names = |row: &Vec<String>| width(row) == widest && !row.iter().any(is_number);
    rows.iter()
        .position(names)
        .or_else(|| rows.iter().position(|row| width(row) > 0))
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn the_header_is_the_row_with_the_expected_names_or_else_the_widest_of_texts() {
        let rows = |rows: &[&str]| -> Vec<Vec<String>> {
            let cells = |row: &&str| row.split(',').map(str::to_owned).collect();
            rows.iter().map(cells).collect()
        };
        for (given, expected, want) in [
            (&["a,b", "1,2"][..], &["a", "b"][..], Some(0)),
            (
                &["Title", "As of,today", "b,a,c", "1,2,3"],
                &["a", "b"],
                Some(2),
            ),
            (&["Title", "a,x,y", "1,2,3"], &["a", "b"], Some(1)),
            (&["Title", "p,q,r", "1,2,3"], &["a", "b"], Some(1)),
            (&["Title", "a,b,x", "a,b,c"], &["a", "b", "c"], Some(2)),
            (&["Title", "p,q", "u,v"], &[], Some(1)),
            (&["1,2", "3,4"], &[], Some(0)),
            (&[], &["a"], None),
        ] {
            let expected: Vec<Vec<String>> =
                expected.iter().map(|e| vec![(*e).to_owned()]).collect();
            assert_eq!(best(&rows(given), &expected), want, "{given:?}");
        }
    }
}
