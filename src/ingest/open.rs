//! Opens a file of any format: finds out what it is, has it read, and makes an [`Export`] of each of its tables.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek, Write},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{
    Compression, Content, Export, Foreign, IngestError, Reader, Remark, Stamp, Written,
    encoding::{self, Utf8Check},
    index::{hexadecimal, index_as},
    isolated::{self, Failed, Frame},
    readers::{Request, Sheets, Task},
    spool::Spool,
};
use crate::tables::{Encoding, Format, Limits, Reading};

/// Makes a temporary file, which nobody else sees.
pub type Scratch<'s> = &'s (dyn Fn() -> io::Result<File> + Sync);

/// With what files are read.
#[derive(Clone, Copy)]
pub struct Means<'m> {
    /// What a file may cost.
    pub limits: &'m Limits,
    /// Where files are read whose readers may die on them.
    pub reader: &'m Reader,
    /// Makes files for what is unpacked.
    pub scratch: Scratch<'m>,
}

/// Opens the file at `path`, which the delivery calls `file`, and indexes each table in it: one, or one for each sheet that is
/// meant. `expected` are the columns that the header should have, each with all its names.
///
/// # Errors
/// What keeps it from being read; [`IngestError::is_damage`] says whether that is the file's own fault.
pub fn open(
    file: &str,
    path: &Path,
    reading: &Reading,
    expected: &[Vec<&str>],
    means: Means<'_>,
) -> Result<Vec<Export>, IngestError> {
    let fail = |action| {
        move |source| IngestError::Io {
            file: file.to_owned(),
            action,
            source,
        }
    };
    // Before it is opened: opening a pipe would wait for its writer.
    let found = std::fs::metadata(path).map_err(fail("open"))?;
    if !found.is_file() {
        return Err(IngestError::NotAFile {
            file: file.to_owned(),
        });
    }
    if found.len() > means.limits.file_bytes {
        return Err(IngestError::FileTooLarge {
            file: file.to_owned(),
            bytes: found.len(),
            limit: means.limits.file_bytes,
        });
    }
    let opened = File::open(path).map_err(fail("open"))?;
    let stamp = Stamp::of(&opened.metadata().map_err(fail("look up"))?);
    let one = Opening {
        file,
        reading,
        expected,
        means,
    };
    let head = head(&opened).map_err(fail("read"))?;
    let plain = Content::File(path.to_owned());
    let mut exports = match compression(&head) {
        None => one.open(file, &opened, plain, &head)?,
        Some(compression) => {
            let unpacked = one.unpack(&opened, compression)?;
            let inner = file.rsplit_once('.').map_or(file, |(name, _)| name);
            let head = self::head(&unpacked).map_err(fail("read"))?;
            let content = Content::Scratch(Arc::new(unpacked.try_clone().map_err(fail("open"))?));
            let mut exports = one.open(inner, &unpacked, content, &head)?;
            for export in &mut exports {
                export.written.compression = Some(compression);
            }
            exports
        }
    };
    for export in &mut exports {
        for (name, value) in partitions(file) {
            if !export.header.contains(&name) {
                export.header.push(name);
                export.constants.push(value);
            }
        }
    }
    // What was indexed as it stands was hashed on the way.
    let is_plain = matches!(exports.as_slice(), [only] if matches!(only.content, Content::File(_)));
    if !is_plain {
        let (sha256, bytes) = hash(&opened).map_err(fail("read"))?;
        let now = Stamp::of(&opened.metadata().map_err(fail("look up"))?);
        if now != stamp || bytes != stamp.bytes {
            return Err(IngestError::Changed {
                file: file.to_owned(),
            });
        }
        for export in &mut exports {
            export.sha256.clone_from(&sha256);
            export.bytes = bytes;
        }
    }
    Ok(exports)
}

/// A file that is being opened.
struct Opening<'o> {
    file: &'o str,
    reading: &'o Reading,
    expected: &'o [Vec<&'o str>],
    means: Means<'o>,
}

impl Opening<'_> {
    fn fail(&self, action: &'static str) -> impl FnOnce(io::Error) -> IngestError + use<> {
        let file = self.file.to_owned();
        move |source| IngestError::Io {
            file,
            action,
            source,
        }
    }

    /// Opens what is not compressed, or not any more; `name` is what tells its format where nothing else does.
    fn open(
        &self,
        name: &str,
        file: &File,
        content: Content,
        head: &[u8],
    ) -> Result<Vec<Export>, IngestError> {
        match self.format(name, head, file)? {
            Format::Xlsx => self.tables(file, self.sheets(false), Format::Xlsx),
            Format::Ods => self.tables(file, self.sheets(true), Format::Ods),
            Format::Parquet => self.tables(file, Task::Parquet, Format::Parquet),
            format => self.text(format, file, content, head),
        }
    }

    /// What is declared, unless the file is plainly something else; what it plainly is; or what its name says.
    fn format(&self, name: &str, head: &[u8], file: &File) -> Result<Format, IngestError> {
        let told = match head {
            [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
            [b'P', b'K', 3, 4, ..] => workbook(file),
            _ => None,
        };
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        let extension = extension.map(str::to_ascii_lowercase);
        let named = match extension.as_deref() {
            Some("xlsx" | "xlsm") => Some(Format::Xlsx),
            Some("ods") => Some(Format::Ods),
            Some("parquet") => Some(Format::Parquet),
            Some("jsonl" | "ndjson") => Some(Format::JsonLines),
            _ => None,
        };
        let is_text = |format| matches!(format, Format::Csv | Format::JsonLines);
        match (self.reading.format, told) {
            (Some(declared), Some(told)) if declared != told => Err(IngestError::OtherFormat {
                file: self.file.to_owned(),
                declared,
                told: told.words(),
            }),
            (_, Some(told)) => Ok(told),
            (Some(declared), None) => {
                if !is_text(declared) {
                    self.refuse_text(declared, head)?;
                }
                Ok(declared)
            }
            (None, None) => match named {
                Some(named) if !is_text(named) => {
                    self.refuse_text(named, head)?;
                    Ok(named)
                }
                Some(named) => Ok(named),
                None => Ok(Format::Csv),
            },
        }
    }

    /// A file that is called a workbook or Parquet and does not begin like one.
    fn refuse_text(&self, called: Format, head: &[u8]) -> Result<(), IngestError> {
        // An archive that was cut off or holds something else: its reader says so.
        if head.starts_with(b"PK\x03\x04") && matches!(called, Format::Xlsx | Format::Ods) {
            return Ok(());
        }
        let told = match Foreign::told_by(head) {
            _ if head.is_empty() => "empty",
            Some(foreign) => foreign.words(),
            None if std::str::from_utf8(head).is_ok() => "text",
            None => "something else",
        };
        Err(IngestError::OtherFormat {
            file: self.file.to_owned(),
            declared: called,
            told,
        })
    }

    fn sheets(&self, ods: bool) -> Task {
        Task::Workbook(Sheets {
            ods,
            names: self.reading.sheet.as_ref().map(|s| s.as_str().to_owned()),
            header_row: self.reading.header_row,
            expected: (self.expected.iter())
                .map(|names| names.iter().map(|&name| name.to_owned()).collect())
                .collect(),
            footer: self.reading.footer.clone(),
        })
    }

    /// Text: in UTF-8 it is read as it stands, else from a copy in UTF-8.
    fn text(
        &self,
        format: Format,
        file: &File,
        content: Content,
        head: &[u8],
    ) -> Result<Vec<Export>, IngestError> {
        let told = encoding::told_by(head);
        let declared = self.reading.encoding;
        let (encoding, guessed) = match (told, declared) {
            // A mark that says otherwise than the project is told.
            (Some((told, false)), declared) => (told, declared.is_some_and(|d| d != told)),
            (_, Some(declared)) => (declared, false),
            (Some((told, true)), None) => (told, true),
            (None, None) => return self.undeclared(format, file, content),
        };
        self.encoded(format, file, content, encoding, guessed)
    }

    /// Text that may be UTF-8 or, where it is not, Windows-1252.
    fn undeclared(
        &self,
        format: Format,
        file: &File,
        content: Content,
    ) -> Result<Vec<Export>, IngestError> {
        let as_utf8 = self.encoded(format, file, content.clone(), Encoding::Utf8, false);
        let doubtful = match &as_utf8 {
            Ok(exports) => exports.iter().any(|export| export.doubtful),
            Err(error) => matches!(error, IngestError::HeaderEncoding { .. }),
        };
        if !doubtful || !self.is_windows_1252(file)? {
            return as_utf8;
        }
        self.encoded(format, file, content, Encoding::Windows1252, true)
    }

    fn is_windows_1252(&self, file: &File) -> Result<bool, IngestError> {
        let mut check = Utf8Check::default();
        each_block(file, |block| check.block(block)).map_err(self.fail("read"))?;
        Ok(check.is_windows_1252())
    }

    fn encoded(
        &self,
        format: Format,
        file: &File,
        content: Content,
        encoding: Encoding,
        guessed: bool,
    ) -> Result<Vec<Export>, IngestError> {
        let (file, content) = match encoding {
            Encoding::Utf8 => (file.try_clone().map_err(self.fail("open"))?, content),
            other => {
                let copy = self.in_utf8(file, other)?;
                let content =
                    Content::Scratch(Arc::new(copy.try_clone().map_err(self.fail("open"))?));
                (copy, content)
            }
        };
        let mut exports = match format {
            Format::JsonLines => {
                let names = self.expected.iter().filter_map(|names| names.first());
                let names = names.map(|&name| name.to_owned()).collect();
                self.tables(&file, Task::JsonLines(names), Format::JsonLines)?
            }
            _ => vec![index_as(
                self.file,
                content,
                self.reading,
                self.expected,
                self.means.limits,
            )?],
        };
        for export in &mut exports {
            export.written.encoding = Some(encoding);
            if guessed {
                export.remarks.push(Remark {
                    about: "encoding".to_owned(),
                    line: None,
                    found: encoding.name().to_owned(),
                    message: format!(
                        "it was read as {}, which is a guess from its bytes or not what the project says; correct `encoding` in the table's source",
                        encoding.name()
                    ),
                });
            }
        }
        Ok(exports)
    }

    fn in_utf8(&self, file: &File, encoding: Encoding) -> Result<File, IngestError> {
        let copy = (self.means.scratch)().map_err(self.fail("make a temporary file for"))?;
        let mut from = file.try_clone().map_err(self.fail("open"))?;
        from.rewind().map_err(self.fail("read"))?;
        let mut to = BufWriter::with_capacity(256 << 10, copy);
        let whole = encoding::to_utf8(from, encoding, &mut to).map_err(self.fail("read"))?;
        if !whole {
            return Err(IngestError::HalfACharacter {
                file: self.file.to_owned(),
                encoding: encoding.name(),
            });
        }
        to.into_inner()
            .map_err(|e| self.fail("keep a copy in UTF-8 of")(e.into_error()))
    }

    fn unpack(&self, file: &File, compression: Compression) -> Result<File, IngestError> {
        let unpacked = (self.means.scratch)().map_err(self.fail("make a temporary file for"))?;
        let mut to = BufWriter::with_capacity(256 << 10, unpacked);
        self.read(file, Task::Unpack(compression), &mut |frame| match frame {
            Frame::Bytes(bytes) => to.write_all(&bytes),
            _ => Err(io::ErrorKind::InvalidData.into()),
        })?;
        to.into_inner()
            .map_err(|e| self.fail("unpack")(e.into_error()))
    }

    /// Has the tables of a file read and keeps them.
    fn tables(&self, file: &File, task: Task, format: Format) -> Result<Vec<Export>, IngestError> {
        let kept = (self.means.scratch)().map_err(self.fail("make a temporary file for"))?;
        let mut spool = Spool::new(kept, self.means.limits.chunk());
        self.read(file, task, &mut |frame| match frame {
            Frame::Table(head) => {
                spool.table(head);
                Ok(())
            }
            Frame::Batch(ipc) => spool.batch(&ipc),
            Frame::End(tail) => spool.end(tail),
            Frame::Bytes(_) => Err(io::ErrorKind::InvalidData.into()),
        })?;
        let (rows, tables) = spool.finish();
        let export = |kept: super::spool::Kept| {
            let written = Written {
                format,
                compression: None,
                encoding: None,
                dialect: None,
            };
            let content = Content::Rows(Arc::clone(&rows));
            Export::kept(self.file.to_owned(), written, kept, content)
        };
        Ok(tables.into_iter().map(export).collect())
    }

    fn read(
        &self,
        file: &File,
        task: Task,
        take: &mut dyn FnMut(Frame) -> io::Result<()>,
    ) -> Result<(), IngestError> {
        let request = Request {
            task,
            limits: self.means.limits.clone(),
        };
        let mut input = file.try_clone().map_err(self.fail("open"))?;
        input.rewind().map_err(self.fail("read"))?;
        isolated::read(input, &request, self.means.reader, take).map_err(|failed| match failed {
            Failed::Said(source) => IngestError::Unreadable {
                file: self.file.to_owned(),
                source,
            },
            Failed::Died(how) => IngestError::ReaderDied {
                file: self.file.to_owned(),
                how,
            },
            Failed::Io(action, source) => self.fail(action)(source),
        })
    }
}

/// What the folders of a path say as Hive names them: `period=2016-17` is a column that all rows share.
fn partitions(path: &str) -> Vec<(String, String)> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let of_folder = |folder: &str| {
        let (name, value) = folder.split_once('=')?;
        let value = match unescaped(value) {
            value if value == "__HIVE_DEFAULT_PARTITION__" => String::new(),
            value => value,
        };
        (!name.is_empty()).then(|| (unescaped(name), value))
    };
    folders.split('/').filter_map(of_folder).collect()
}

/// A text in which `%2F` stands for `/`; what is no such escape stands for itself.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.first_chunk::<2>().filter(|_| *first == b'%');
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The beginning of a file.
fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; encoding::LOOKED_AT];
    let mut filled = 0;
    loop {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    head.truncate(filled);
    Ok(head)
}

fn compression(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1F, 0x8B, ..] => Some(Compression::Gzip),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Compression::Zstd),
        _ => None,
    }
}

/// Which workbook an archive is, by the names of what it holds; each local header has one.
fn workbook(file: &File) -> Option<Format> {
    let mut start = vec![0; 64 << 10];
    let read = file.read_at(&mut start, 0).ok()?;
    start.truncate(read);
    let holds = |name: &[u8]| memchr::memmem::find(&start, name).is_some();
    if holds(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet") {
        return Some(Format::Ods);
    }
    let mut end = vec![0; 64 << 10];
    let length = file.metadata().ok()?.len();
    let from = length.saturating_sub(end.len() as u64);
    let read = file.read_at(&mut end, from).ok()?;
    end.truncate(read);
    let anywhere = |name: &[u8]| holds(name) || memchr::memmem::find(&end, name).is_some();
    (anywhere(b"[Content_Types].xml") && anywhere(b"xl/")).then_some(Format::Xlsx)
}

/// The SHA-256 of the file at `path` and its length.
///
/// # Errors
/// It cannot be read.
pub fn hash_of(path: &Path) -> io::Result<(String, u64)> {
    hash(&File::open(path)?)
}

fn hash(file: &File) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut bytes = 0;
    each_block(file, |block| {
        hash.update(block);
        bytes += block.len() as u64;
    })?;
    Ok((hexadecimal(&hash.finalize()), bytes))
}

fn each_block(file: &File, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let mut block = vec![0; 256 << 10];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => take(&block[..read]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
