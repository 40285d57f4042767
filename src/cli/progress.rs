//! How far a run is, on one line of a terminal.

use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::{
    columns::{cut_middle, width},
    summary::number,
};
use crate::pipeline::Progress;

/// What takes less is done before anybody has read how long it will take.
const LONG: Duration = Duration::from_secs(3);
/// Columns of a bar, at most and at least.
const BAR: (usize, usize) = (30, 10);
/// Milliseconds between two looks at the time.
const TICK: u64 = 120;

/// A line on the terminal behind stderr, which is gone when the run ends.
#[derive(Clone)]
pub struct Bars {
    bar: ProgressBar,
    now: Arc<Mutex<Now>>,
}

/// What the line is about.
#[derive(Clone, Debug, Default)]
struct Now {
    name: String,
    rows: u64,
    bytes: u64,
    /// When so many were reached.
    reached: Duration,
    /// Bytes to read; `None` for a stage that cannot say.
    of: Option<u64>,
}

impl Bars {
    /// A line that nobody sees before the first stage; `width` says how many columns the terminal has now.
    pub fn new(width: fn() -> usize) -> Self {
        let now = Arc::new(Mutex::new(Now::default()));
        let shown = Arc::clone(&now);
        let write = move |state: &ProgressState, out: &mut dyn fmt::Write| {
            let now = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // Writing to the terminal is up to the bar; its own buffer cannot fail. The last column stays free.
            let _ = out.write_str(&line(&now, state.elapsed(), width().saturating_sub(1)));
        };
        let style = ProgressStyle::with_template("{line}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style.with_key("line", write));
        Self { bar, now }
    }

    fn begin(&self, now: Now) {
        let before = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let was_read = before.rows > 0;
        drop(before);
        if was_read {
            // A table ends with all its rows on the line, however soon the next begins: this draws it at once.
            self.bar.suspend(|| ());
        }
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.bar.reset_elapsed();
        self.bar.enable_steady_tick(Duration::from_millis(TICK));
        self.bar.tick();
    }

    /// Takes the line away while `write` writes others, so that none is mixed into it.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let is_shown = !now.name.is_empty();
        drop(now);
        match is_shown {
            true => self.bar.suspend(write),
            // Before the first stage there is no line, and it would make one.
            false => write(),
        }
    }

    /// Takes the line away for good.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bars {
    fn stage(&self, name: &str) {
        self.begin(Now {
            name: name.to_owned(),
            ..Now::default()
        });
    }

    fn table(&self, name: &str, bytes: u64) {
        self.begin(Now {
            name: name.to_owned(),
            of: Some(bytes),
            ..Now::default()
        });
    }

    fn advance(&self, bytes: u64, rows: u64) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.bytes += bytes;
        now.rows += rows;
        now.reached = self.bar.elapsed();
        drop(now);
        self.bar.tick();
    }
}

/// The line, no wider than `most`: what matters least is left out first, then the name is cut.
fn line(now: &Now, elapsed: Duration, most: usize) -> String {
    let mut parts: Vec<(u8, String)> = Vec::new();
    if let Some(of) = now.of {
        parts.push((3, read(now.bytes, of)));
        parts.push((4, format!("{} rows", number(now.rows))));
        if let Some(rate) = per_second(now.rows, now.reached) {
            parts.push((1, format!("{} rows/s", number(rate))));
        }
    }
    parts.push((2, clock(elapsed)));
    if let Some(left) = left(now, elapsed) {
        parts.push((3, format!("{} left", clock(left))));
    }
    let taken = |parts: &[(u8, String)]| parts.iter().map(|(_, part)| 2 + width(part)).sum();
    let name = width(&now.name).min(20);
    while name + taken(&parts) > most {
        let least = parts.iter().map(|(rank, _)| *rank).min();
        let Some(at) = parts.iter().rposition(|(rank, _)| Some(*rank) == least) else {
            break;
        };
        parts.remove(at);
    }
    let taken: usize = taken(&parts);
    let free = most.saturating_sub(name + taken);
    let bar = match now.of {
        Some(of) if free >= BAR.1 + 4 => bar(now.bytes, of, (free - 4).min(BAR.0)),
        _ => String::new(),
    };
    let mut line = cut_middle(&now.name, most.saturating_sub(taken + width(&bar)));
    line.push_str(&bar);
    for (_, part) in &parts {
        let _ = write!(line, "  {part}");
    }
    line
}

/// `  [=====>    ]`
fn bar(bytes: u64, of: u64, columns: usize) -> String {
    let done = (bytes.min(of) as usize * columns).checked_div(of as usize);
    let done = done.unwrap_or(columns);
    let (tip, rest) = match columns - done {
        0 => ("", 0),
        rest => (">", rest - 1),
    };
    format!("  [{}{tip}{}]", "=".repeat(done), " ".repeat(rest))
}

/// `12.3 of 45.6 MB`, both in the unit of the whole.
fn read(bytes: u64, of: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1_000),
        ("bytes", 1),
    ];
    let unit = UNITS.iter().find(|(_, size)| of >= *size);
    let (unit, size) = unit.copied().unwrap_or(("bytes", 1));
    let told = |bytes: u64| match size {
        1 => number(bytes),
        _ => format!("{}.{}", number(bytes / size), bytes % size * 10 / size),
    };
    format!("{} of {} {unit}", told(bytes.min(of)), told(of))
}

/// Rows of a second, once there is something to tell it from.
fn per_second(rows: u64, elapsed: Duration) -> Option<u64> {
    let rate = u128::from(rows) * 1_000 / elapsed.as_millis().max(1);
    let rate = u64::try_from(rate).ok();
    rate.filter(|_| rows > 0 && elapsed >= Duration::from_millis(500))
}

/// What a long read will still take, if it goes on as it went.
fn left(now: &Now, elapsed: Duration) -> Option<Duration> {
    let rest = now.of?.checked_sub(now.bytes)?;
    let millis = now.reached.as_millis() * u128::from(rest) / u128::from(now.bytes.max(1));
    let left = Duration::from_millis(u64::try_from(millis).ok()?);
    let left = left.saturating_sub(elapsed.saturating_sub(now.reached));
    (now.bytes > 0 && elapsed >= LONG).then_some(left)
}

/// `1:05`, or `1:00:05`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half() -> Now {
        Now {
            name: "needs_assessments".to_owned(),
            rows: 1_234_567,
            bytes: 600_000_000,
            reached: Duration::from_secs(75),
            of: Some(1_200_000_000),
        }
    }

    #[test]
    fn a_line_says_what_fits() {
        let elapsed = Duration::from_secs(75);
        for (most, want) in [
            (
                110,
                "needs_assessments  [=============>            ]  0.6 of 1.2 GB  1,234,567 rows  16,460 rows/s  1:15  1:15 left",
            ),
            (
                92,
                "needs_assessments  0.6 of 1.2 GB  1,234,567 rows  16,460 rows/s  1:15  1:15 left",
            ),
            (
                79,
                "needs_assessments  [=====>    ]  0.6 of 1.2 GB  1,234,567 rows  1:15  1:15 left",
            ),
            (
                59,
                "needs_assessments  0.6 of 1.2 GB  1,234,567 rows  1:15 left",
            ),
            (50, "needs_assessments  0.6 of 1.2 GB  1,234,567 rows"),
            (40, "needs_assessments  1,234,567 rows"),
            (20, "needs_assessments"),
            (8, "need…nts"),
        ] {
            let got = line(&half(), elapsed, most);
            assert!(width(&got) <= most, "{most}: {got}");
            assert_eq!(got, want, "{most}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let soon = Duration::from_millis(200);
        let none = Now {
            rows: 0,
            bytes: 0,
            ..half()
        };
        let bar = format!("[>{}]", " ".repeat(29));
        let want = format!("needs_assessments  {bar}  0.0 of 1.2 GB  0 rows  0:00");
        assert_eq!(line(&none, soon, 90), want);
        let stage = Now {
            name: "keys".to_owned(),
            ..Now::default()
        };
        assert_eq!(
            line(&stage, Duration::from_secs(3_605), 90),
            "keys  1:00:05"
        );
        let empty = Now {
            of: Some(0),
            ..stage
        };
        let bar = format!("[{}]", "=".repeat(24));
        let want = format!("keys  {bar}  0 of 0 bytes  0 rows  0:00");
        assert_eq!(line(&empty, soon, 60), want);
    }

    #[test]
    fn amounts_and_times() {
        assert_eq!(read(0, 999), "0 of 999 bytes");
        assert_eq!(read(1_500, 12_345), "1.5 of 12.3 kB");
        assert_eq!(read(9_000_000, 2_100_000), "2.1 of 2.1 MB");
        assert_eq!(clock(Duration::from_secs(59)), "0:59");
        assert_eq!(per_second(10, Duration::from_secs(2)), Some(5));
        assert_eq!(per_second(0, Duration::from_secs(2)), None);
        assert_eq!(left(&half(), Duration::from_secs(2)), None);
        // What went by since the last rows came is off what is left.
        for (elapsed, want) in [(75, 75), (85, 65), (200, 0)] {
            let left = left(&half(), Duration::from_secs(elapsed));
            assert_eq!(left, Some(Duration::from_secs(want)));
        }
    }
}
