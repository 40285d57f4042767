//! What postcodes, telephone numbers and addresses look like, told without regular expressions.

/// One or two letters, a digit, perhaps a digit or letter, perhaps a space; a digit and two letters.
pub fn is_postcode(text: &str) -> bool {
    let letter = |b: &u8| b.is_ascii_uppercase();
    let Some((outward, [digit, a, b])) = text.as_bytes().split_last_chunk::<3>() else {
        return false;
    };
    let outward = outward.strip_suffix(b" ").unwrap_or(outward);
    let letters = outward.iter().take_while(|b| letter(b)).count();
    let rest = match outward.get(letters..) {
        Some([first, rest @ ..]) if first.is_ascii_digit() => rest,
        _ => return false,
    };
    let tail = match rest {
        [] => true,
        [one] => one.is_ascii_digit() || letter(one),
        _ => false,
    };
    (1..=2).contains(&letters) && tail && digit.is_ascii_digit() && letter(a) && letter(b)
}

/// 0, or +44 and perhaps a space; then nine or ten digits, single spaces between them.
pub fn is_phone(text: &str) -> bool {
    let national = match text.strip_prefix("+44") {
        Some(rest) => Some(rest.strip_prefix(' ').unwrap_or(rest)),
        None => text.strip_prefix('0'),
    };
    let Some(national) = national else {
        return false;
    };
    let groups: Vec<&str> = national.split(' ').collect();
    let digits = |g: &&str| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit());
    let count: usize = groups.iter().map(|g| g.len()).sum();
    groups.iter().all(digits) && (9..=10).contains(&count)
}

/// Something, an @, and labels parted by dots of which the last is two or more letters; no spaces or separators.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && !part.contains(['@', ' ', ',', ';', '<', '>']);
    let labels: Vec<&str> = domain.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let top = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    plain(local) && labels.len() >= 2 && labels.iter().all(|l| plain(l)) && top
}

#[test]
fn shapes() {
    let check = |good: fn(&str) -> bool, passing: &[&str], failing: &[&str]| {
        passing.iter().for_each(|t| assert!(good(t), "{t:?}"));
        failing.iter().for_each(|t| assert!(!good(t), "{t:?}"));
    };
    check(
        is_postcode,
        &["LE1 6RN", "SW1A1AA", "M1 1AA", "LE16RN"],
        &[
            "LEICESTER",
            "LE1 6R",
            "1LE 6RN",
            "LE1  6RN",
            "LE123 6RN",
            "é6RN",
            "",
        ],
    );
    check(
        is_phone,
        &[
            "07700 900123",
            "0116 496 0999",
            "+44 7700 900123",
            "+447700900123",
            "0770090012",
        ],
        &[
            "07700",
            "not given",
            "0770O 900123",
            "077009001",
            "07700  900123",
            "07700 900123 ",
            "0 7700 900123",
            "077009001234",
        ],
    );
    check(
        is_email,
        &["someone@example.org", "a.b@mail.example.co.uk"],
        &[
            "someone.example.org",
            "someone@",
            "some one@example.org",
            "a@b",
            "a@b..uk",
            "a@b.c",
            "a@b@c.uk",
        ],
    );
}
