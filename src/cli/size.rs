//! Sizes such as `512M`.

/// Bytes; `K`, `M` and `G` are powers of 1024, `iB` and `B` may follow.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_ascii_uppercase();
    let unit = unit.trim_end_matches('B').trim_end_matches('I');
    let factor: usize = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => {
            return Err(format!(
                "`{text}` is no size: write bytes, or a number with K, M or G, such as 512M"
            ));
        }
    };
    let number: usize = digits.parse().map_err(|_| {
        format!("`{text}` is no size: write a whole number with K, M or G, such as 512M")
    })?;
    let bytes = number
        .checked_mul(factor)
        .ok_or_else(|| format!("`{text}` is more than this machine can count"))?;
    if bytes < 16 << 20 {
        return Err(format!(
            "`{text}` is too little to work with: give at least 16M"
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes() {
        for (text, want) in [
            ("16777216", Some(16 << 20)),
            ("512M", Some(512 << 20)),
            ("2g", Some(2 << 30)),
            ("64MiB", Some(64 << 20)),
            ("1K", None),
            ("12X", None),
            ("", None),
            ("-1M", None),
            ("99999999999999999999G", None),
        ] {
            assert_eq!(parse(text).ok(), want, "{text}");
        }
    }
}
