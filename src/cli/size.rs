//! Sizes such as `512M`.

use crate::tables::size;

/// Bytes to work with, written as [`size`] says.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if bytes < 16 << 20 {
        return Err(format!(
            "`{text}` is too little to work with: give at least 16M"
        ));
    }
    usize::try_from(bytes).map_err(|_| format!("`{text}` is more than this machine can count"))
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
