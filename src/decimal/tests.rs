//! Numbers that are read, written, added, divided and rounded exactly or not at all.

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().expect(text)
}

#[test]
fn reads_and_writes_what_was_written() {
    for good in [
        "0",
        "-1",
        "12814",
        "0.5",
        "0.16900000000000001",
        "-0.05",
        "16.0",
        "007.50",
    ] {
        let shown = decimal(good).to_string();
        assert_eq!(shown, good.trim_start_matches("00"), "{good}");
    }
    for bad in [
        "",
        "-",
        ".",
        ".5",
        "5.",
        "+1",
        " 1",
        "1 ",
        "1,000",
        "1e3",
        "nan",
        "--1",
        "1.2.3",
        "٣",
        "1234567890123456789012345678901234567",
        "0.12345678901234567890123456789",
    ] {
        assert!(bad.parse::<Decimal>().is_err(), "{bad}");
    }
}

#[test]
fn compares_what_is_meant() {
    let big = "123456789012345678901234567890123456";
    for (less, more) in [
        ("1", "2"),
        ("-2", "-1"),
        ("-0.5", "0"),
        ("0.1", "0.11"),
        ("9.99", "10"),
        ("0.9", big),
        ("-1.5", "-1.4"),
    ] {
        assert!(decimal(less) < decimal(more), "{less} < {more}");
        assert!(decimal(more) > decimal(less), "{more} > {less}");
    }
    for (one, other) in [("1", "1.0"), ("-0.50", "-0.5"), ("0", "-0.000"), (big, big)] {
        assert_eq!(decimal(one), decimal(other));
    }
}

#[test]
fn adds_exactly_or_not_at_all() {
    let sum = |a: &str, b: &str| decimal(a).checked_add(decimal(b)).map(|d| d.to_string());
    assert_eq!(sum("0.1", "0.2").as_deref(), Some("0.3"));
    assert_eq!(sum("12", "-0.05").as_deref(), Some("11.95"));
    let largest = Decimal::new(i128::MAX, 0).expect("no decimals");
    let one = decimal("1");
    assert_eq!(largest.checked_add(one), None);
    assert_eq!(
        Decimal::new(i128::MIN, 0).and_then(|d| d.checked_sub(one)),
        None
    );
    assert_eq!(largest.checked_add(decimal("0.5")), None, "alignment");
    assert_eq!(
        Decimal::new(i128::MIN, 0).and_then(Decimal::checked_abs),
        None
    );
    assert_eq!(Decimal::new(1, 29), None);
}

#[test]
fn ratios_round_half_up_and_truncate() {
    for (part, whole, shift, decimals, rounded, truncated, exact) in [
        ("81", "505", 2, 0, "16", "16", false),
        ("21", "191", 2, 1, "11.0", "10.9", false),
        ("1", "8", 2, 0, "13", "12", false), // 12.5 exactly: up
        ("1", "8", 2, 1, "12.5", "12.5", true),
        ("2", "3", 0, 3, "0.667", "0.666", false),
        ("0", "7", 2, 1, "0.0", "0.0", true),
        ("0.5", "2.0", 2, 0, "25", "25", true),
        ("5.55", "1", 0, 1, "5.6", "5.5", false),
        ("-1", "8", 2, 0, "-12", "-12", false), // half up, not away from zero
    ] {
        let ratio = decimal(part)
            .ratio(decimal(whole), shift, decimals)
            .expect(part);
        let got = (
            ratio.rounded.to_string(),
            ratio.truncated.to_string(),
            ratio.exact,
        );
        assert_eq!(
            got,
            (rounded.to_owned(), truncated.to_owned(), exact),
            "{part} of {whole}"
        );
    }
    let largest = Decimal::new(i128::MAX, 0).expect("no decimals");
    for (part, whole) in [
        (decimal("1"), decimal("0")),
        (decimal("1"), decimal("-2")),
        (largest, decimal("1")),
    ] {
        assert_eq!(part.ratio(whole, 2, 1), None);
    }
}

#[test]
fn rounds_half_up() {
    for (from, decimals, to) in [
        ("0.16900000000000001", 3, "0.169"),
        ("0.14099999999999999", 3, "0.141"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-2"),
        ("2.4", 0, "2"),
        ("7", 3, "7"),
    ] {
        assert_eq!(decimal(from).rounded(decimals).to_string(), to, "{from}");
    }
}

#[test]
fn trims_zeros_behind_the_point() {
    for (from, to) in [
        ("5.000", "5"),
        ("-0.150", "-0.15"),
        ("100", "100"),
        ("0.00", "0"),
    ] {
        assert_eq!(decimal(from).trimmed().to_string(), to);
    }
}

#[test]
fn groups_thousands() {
    for (plain, shown) in [
        ("0", "0"),
        ("999", "999"),
        ("1000", "1,000"),
        ("-12814", "-12,814"),
        ("1234567.8901", "1,234,567.8901"),
    ] {
        assert_eq!(decimal(plain).grouped(), shown);
    }
}

#[test]
fn ratios_round_half_to_even() {
    for (part, whole, decimals, up, even) in [
        ("1", "8", 0, "13", "12"), // 12.5
        ("3", "8", 0, "38", "38"), // 37.5
        ("1", "8", 1, "12.5", "12.5"),
        ("1", "800", 2, "0.13", "0.12"), // 0.125
        ("2", "3", 0, "67", "67"),
        ("-1", "8", 0, "-12", "-12"), // -12.5
        ("-3", "8", 0, "-37", "-38"), // -37.5
    ] {
        let ratio = decimal(part)
            .ratio(decimal(whole), 2, decimals)
            .expect(part);
        let got = (ratio.rounded.to_string(), ratio.even.to_string());
        assert_eq!(got, (up.to_owned(), even.to_owned()), "{part} of {whole}");
    }
}

#[test]
fn products_and_half_units() {
    let product = |a: &str, b: &str| decimal(a).checked_mul(decimal(b)).map(|d| d.to_string());
    assert_eq!(product("0.5", "-12").as_deref(), Some("-6.0"));
    assert_eq!(product("0.005", "12814").as_deref(), Some("64.070"));
    let largest = Decimal::new(i128::MAX, 0).expect("no decimals");
    assert_eq!(largest.checked_mul(decimal("2")), None);
    let fine = Decimal::new(1, 15).expect("15 decimals");
    assert_eq!(fine.checked_mul(fine), None, "30 decimals");
    for (printed, half) in [("7", "0.5"), ("7.0", "0.05"), ("-16.25", "0.005")] {
        let unit = decimal(printed).half_unit();
        assert_eq!(unit.map(|d| d.to_string()).as_deref(), Some(half));
    }
    let finest = Decimal::new(1, 28).expect("28 decimals");
    assert_eq!(finest.half_unit(), None);
}

/// `1..4`, either side blank for no bound.
fn range(text: &str) -> Range {
    let (least, most) = text.split_once("..").expect("a range");
    let bound = |text: &str| (!text.is_empty()).then(|| decimal(text));
    Range {
        least: bound(least),
        most: bound(most),
    }
}

#[test]
fn ranges_add_and_subtract_by_their_bounds() {
    for (one, other, sum, difference) in [
        ("1..4", "10..10", "11 to 14", "-9 to -6"),
        ("1..4", "0..2", "1 to 6", "-1 to 4"),
        ("1..4", "0..", "at least 1", "at most 4"),
        ("0..", "1..4", "at least 1", "at least -4"),
        ("0..", "0..", "at least 0", "any number"),
        ("..5", "0.5..0.5", "at most 5.5", "at most 4.5"),
        ("2..2", "3..3", "5", "-1"),
    ] {
        let (one, other) = (range(one), range(other));
        let shown = |range: Option<Range>| range.expect("it fits").to_string();
        assert_eq!(shown(one.checked_add(other)), sum);
        assert_eq!(shown(one.checked_sub(other)), difference);
    }
    let largest = Range::exactly(Decimal::new(i128::MAX, 0).expect("no decimals"));
    assert_eq!(largest.checked_add(range("1..1")), None);
    assert_eq!(range("1000..2000").grouped(), "1,000 to 2,000");
}

#[test]
fn the_nearest_to_zero_is_in_the_range() {
    for (from, exact, nearest) in [
        ("1..4", None, "1"),
        ("-4..-1", None, "-1"),
        ("-1..4", None, "0"),
        ("0..", None, "0"),
        ("3..", None, "3"),
        ("..-3", None, "-3"),
        ("..", None, "0"),
        ("7.0..7", Some("7.0"), "7.0"),
    ] {
        let shown = range(from).exact().map(|d| d.to_string());
        assert_eq!(shown.as_deref(), exact, "{from}");
        assert_eq!(range(from).nearest_to_zero().to_string(), nearest, "{from}");
    }
}
