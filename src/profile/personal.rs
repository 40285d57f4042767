//! Which columns look as if they held personal data: by their headers, and by what their texts look like.

use std::sync::LazyLock;

use regex::Regex;

/// Words of headers, and what a column that has one holds.
const WORDS: [(&str, &[&str]); 6] = [
    (
        "names",
        &[
            "name",
            "firstname",
            "lastname",
            "fullname",
            "surname",
            "forename",
            "forenames",
            "initials",
            "worker",
            "caseworker",
            "staff",
            "officer",
            "username",
            "user",
        ],
    ),
    ("e-mail addresses", &["email", "mail"]),
    (
        "phone numbers",
        &["phone", "mobile", "tel", "telephone", "fax"],
    ),
    (
        "addresses",
        &[
            "address",
            "street",
            "postcode",
            "zip",
            "zipcode",
            "latitude",
            "longitude",
            "ip",
        ],
    ),
    (
        "dates of birth",
        &["birth", "birthday", "born", "dob", "dateofbirth"],
    ),
    (
        "personal numbers",
        &[
            "passport",
            "ssn",
            "nino",
            "iban",
            "account",
            "password",
            "signature",
        ],
    ),
];

/// What the header says the column holds.
pub fn by_header(header: &str) -> Option<&'static str> {
    let lower = header.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let has = |known: &&str| words.contains(known);
    let found = WORDS.iter().find(|(_, known)| known.iter().any(has));
    found.map(|(what, _)| *what)
}

/// What a text looks like.
pub fn by_text(text: &str) -> Option<&'static str> {
    static LOOKS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
        let looks = [
            ("e-mail addresses", EMAIL),
            ("phone numbers", r"\+[0-9][0-9 ()-]{8,18}|0[0-9 ()-]{9,16}"),
            ("addresses", r"(?i)[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}"),
        ];
        let compiled = looks.into_iter().map(|(what, regex)| {
            let regex = Regex::new(&format!("^(?:{regex})$"));
            Some((what, regex.ok()?))
        });
        compiled.flatten().collect()
    });
    LOOKS
        .iter()
        .find(|(_, look)| look.is_match(text))
        .map(|(what, _)| *what)
}

/// What an e-mail address matches.
pub const EMAIL: &str = r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_texts_tell_personal_data() {
        for (header, want) in [
            ("first_name", Some("names")),
            ("E-Mail", Some("e-mail addresses")),
            ("date of birth", Some("dates of birth")),
            ("caseworker", Some("names")),
            ("channel", None),
            ("filename_count", None),
            ("born_on", Some("dates of birth")),
        ] {
            assert_eq!(by_header(header), want, "{header}");
        }
        for (text, want) in [
            ("a.b@example.org", Some("e-mail addresses")),
            ("a@b@example.org", None),
            ("07700 900083", Some("phone numbers")),
            ("+44 7700 900083", Some("phone numbers")),
            ("LE76 9SA", Some("addresses")),
            ("R00031", None),
            ("2017-01-05", None),
            ("0", None),
        ] {
            assert_eq!(by_text(text), want, "{text}");
        }
    }
}
