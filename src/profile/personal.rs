//! Which columns look as if they held personal data: by their headers, and by what their texts look like.

use std::sync::LazyLock;

use regex::Regex;

/// Words of headers, several written as one, and what a column that has one holds.
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
            "ipaddress",
        ],
    ),
    (
        "dates of birth",
        &["birth", "birthday", "born", "dob", "dateofbirth"],
    ),
    (
        "personal numbers",
        &[
            "account",
            "bank",
            "cardnumber",
            "iban",
            "licence",
            "license",
            "nationalid",
            "nationalinsurance",
            "nhs",
            "nino",
            "ninumber",
            "passport",
            "password",
            "signature",
            "socialsecurity",
            "sortcode",
            "ssn",
            "taxnumber",
        ],
    ),
];

/// Words of a header that are tried as one.
const TOGETHER: usize = 3;

/// What the header says the column holds.
pub fn by_header(header: &str) -> Option<&'static str> {
    let words = words(header);
    let said: Vec<String> = (1..=TOGETHER)
        .flat_map(|together| words.windows(together))
        .map(<[String]>::concat)
        .collect();
    let has = |known: &&str| said.iter().any(|said| said == known);
    let found = WORDS.iter().find(|(_, known)| known.iter().any(has));
    found.map(|(what, _)| *what)
}

/// The words of a header in lower case: `nhsNumber` is two, as `nhs_number` is.
fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in header.chars() {
        if !c.is_alphanumeric() || before.is_lowercase() && c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
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
            ("nhs_number", Some("personal numbers")),
            ("nhsNumber", Some("personal numbers")),
            ("national_insurance_number", Some("personal numbers")),
            ("NI number", Some("personal numbers")),
            ("passport_no", Some("personal numbers")),
            ("driving-licence", Some("personal numbers")),
            ("drivers_license", Some("personal numbers")),
            ("bank_account", Some("personal numbers")),
            ("sort_code", Some("personal numbers")),
            ("sortCode", Some("personal numbers")),
            ("sort_order", None),
            ("ip_address", Some("addresses")),
            ("IPAddress", Some("addresses")),
            ("last_ip", Some("addresses")),
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
