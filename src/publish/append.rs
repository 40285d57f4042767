//! A line added to a file that others follow.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::{disk, error::IoError};

/// Adds a line to the file at `path`, which is made if need be with the folders above it, in one write; what a killed writer left of a line is ended first.
///
/// # Errors
/// The operating system refused.
pub fn append_line(path: &Path, line: &str) -> Result<(), IoError> {
    let fail = |e| IoError::on("write", path)(e);
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        disk::make_folder(folder)?;
    }
    let begun = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    let mut file = OpenOptions::new()
        .read(begun)
        .append(true)
        .create(true)
        .open(path)
        .map_err(fail)?;
    let mut last = [b'\n'];
    if begun {
        file.seek(SeekFrom::End(-1)).map_err(fail)?;
        file.read_exact(&mut last).map_err(fail)?;
    }
    let end = if last == *b"\n" { "" } else { "\n" };
    let text = format!("{end}{}\n", line.trim_end_matches('\n'));
    file.write_all(text.as_bytes()).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_and_a_broken_one_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sub/events");
        append_line(&path, "one").expect("written");
        append_line(&path, "two\n").expect("written");
        let text = || fs::read_to_string(&path).expect("a file");
        assert_eq!(text(), "one\ntwo\n");
        fs::write(&path, "one\n{\"tw").expect("written");
        append_line(&path, "three").expect("written");
        assert_eq!(text(), "one\n{\"tw\nthree\n");
        assert!(append_line(folder.path(), "x").is_err());
    }
}
