//! Reads JSON Lines: an object a line, its keys the columns.
//!
//! A first pass finds the keys, a second one reads. Texts are taken unescaped, numbers as they are written, `null` and an
//! absent key as blank, lists and objects as their JSON.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom, Write},
};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{ReadError, Stopped, rows::Rows};
use crate::{
    ingest::{
        RejectReason,
        isolated::{Frames, Head},
        written::Remark,
    },
    tables::Limits,
};

pub(super) fn read(
    mut input: File,
    names: &[String],
    limits: &Limits,
    out: &mut Frames<impl Write>,
) -> Result<(), Stopped> {
    let mut keys = Keys::default();
    let mut first_line = 0;
    let mut objects = false;
    each_line(&mut input, limits, &mut |line, text| {
        if first_line == 0 {
            first_line = line;
        }
        if let Ok(members) = members(text, limits.nesting) {
            objects = true;
            for (key, _) in &members {
                if keys.add(key) && keys.names.len() > limits.columns {
                    let limit = limits.columns;
                    return Err(ReadError::Columns { line, limit }.into());
                }
            }
        }
        Ok(())
    })?;
    if first_line > 0 && !objects {
        return Err(ReadError::NoLines.into());
    }
    // Without a line nothing says otherwise: no event is what some nights bring.
    if first_line == 0 {
        names.iter().for_each(|name| {
            keys.add(name);
        });
    }
    if keys.names.is_empty() {
        return Err(ReadError::Empty(None).into());
    }
    let head = Head {
        header: keys.names.clone(),
        ..Head::default()
    };
    let mut rows = Rows::begin(out, &head, limits)?;
    let mut cells: Vec<Cow<'static, str>> = Vec::new();
    let terminated = each_line(&mut input, limits, &mut |line, text| {
        let members = match members(text, limits.nesting) {
            Ok(members) => members,
            Err(reason) => return rows.reject(line, text.to_vec(), reason),
        };
        cells.clear();
        cells.resize(keys.names.len(), Cow::Borrowed(""));
        for (key, value) in &members {
            if let Some(at) = keys.places.get(key.as_ref()) {
                cells[*at] = Cow::Owned(value.clone().into_owned());
            }
        }
        let limit = limits.field_bytes;
        if let Some(at) = cells.iter().position(|cell| cell.len() > limit) {
            let field = at + 1;
            let reason = RejectReason::FieldTooLong { field, limit };
            return rows.reject(line, text.to_vec(), reason);
        }
        rows.row(line, cells.iter().map(AsRef::as_ref), &[])
    })?;
    let nothing = Remark {
        about: "empty".to_owned(),
        line: None,
        found: "no line".to_owned(),
        message:
            "it has no line, so that its table has no row of it: compare it with what was exported"
                .to_owned(),
    };
    let remarks = (first_line == 0).then_some(nothing);
    rows.end(terminated, remarks.into_iter().collect())
}

/// Columns in the order in which their keys are first seen.
#[derive(Default)]
struct Keys {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Keys {
    /// Whether `key` is new.
    fn add(&mut self, key: &str) -> bool {
        if self.places.contains_key(key) {
            return false;
        }
        self.places.insert(key.to_owned(), self.names.len());
        self.names.push(key.to_owned());
        true
    }
}

/// Takes a line with its number.
type Take<'t> = &'t mut dyn FnMut(u64, &[u8]) -> Result<(), Stopped>;

/// A key and its value as text.
type Member<'t> = (Cow<'t, str>, Cow<'t, str>);

/// Hands on every line that is not blank, without its line break; whether the last one has one.
fn each_line(input: &mut File, limits: &Limits, take: Take<'_>) -> Result<bool, Stopped> {
    input.seek(SeekFrom::Start(0))?;
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut text = Vec::new();
    let mut terminated = true;
    for line in 1.. {
        text.clear();
        // A byte order mark and a line break are not counted.
        let most = limits.record() + 5;
        let read = std::io::Read::take(&mut input, most + 1).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        terminated = text.ends_with(b"\n");
        let mut record = text.strip_suffix(b"\n").unwrap_or(&text);
        record = record.strip_suffix(b"\r").unwrap_or(record);
        if line == 1 {
            record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
        }
        if record.len() as u64 > limits.record() {
            let limit = limits.record();
            return Err(ReadError::RecordTooLong { line, limit }.into());
        }
        if !record.trim_ascii().is_empty() {
            take(line, record)?;
        }
    }
    Ok(terminated)
}

/// The members of the object that a line is, each value as text.
fn members(line: &[u8], nesting: usize) -> Result<Vec<Member<'_>>, RejectReason> {
    let text = std::str::from_utf8(line).map_err(|error| RejectReason::NotUtf8 {
        byte: error.valid_up_to() + 1,
    })?;
    let Members(members) = serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            RejectReason::JsonCut
        } else {
            RejectReason::NoObject {
                byte: error.column(),
            }
        }
    })?;
    let mut found: Vec<Member<'_>> = Vec::with_capacity(members.len());
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    for (nth, (key, value)) in members.into_iter().enumerate() {
        let raw = value.get();
        if depth(raw) > nesting {
            return Err(RejectReason::NestedTooDeep {
                field: nth + 1,
                limit: nesting,
            });
        }
        if !seen.insert(key.clone()) {
            return Err(RejectReason::RepeatedKey { field: nth + 1 });
        }
        let cell = match raw.as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<Text<'_>>(raw) {
                Ok(Text(text)) => text,
                Err(_) => return Err(RejectReason::NoObject { byte: 1 }),
            },
            _ if raw == "null" => Cow::Borrowed(""),
            _ => Cow::Borrowed(raw),
        };
        found.push((key, cell));
    }
    Ok(found)
}

/// How deep lists and objects are nested in JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                depth += 1;
                most = most.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// The members of an object, repeated keys among them.
struct Members<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
