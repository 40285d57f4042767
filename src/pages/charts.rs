//! Charts as SVG inside a page, drawn by plotters.
//!
//! A chart is a picture with a name; the numbers behind it stand in a table beside it. Colours are the palette of
//! `assets/base.css`, which the page's style exchanges for dark screens and for paper. Where there is little room a chart
//! is drawn again for it, and the page shows the one that fits.

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{shell::escape, words};
use crate::harmless;

/// Colours of series, by place; `base.css` has the same.
const SERIES: [RGBColor; 6] = [
    RGBColor(0x1D, 0x5F, 0xA8),
    RGBColor(0xC2, 0x57, 0x0C),
    RGBColor(0x1E, 0x7B, 0x4F),
    RGBColor(0x7A, 0x4F, 0xA3),
    RGBColor(0x9A, 0x6B, 0x00),
    RGBColor(0x5B, 0x67, 0x70),
];
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const FAINT: RGBColor = RGBColor(0x88, 0x88, 0x88);
const TEXT: f64 = 16.0;
/// Widths that a chart is drawn for, in pixels.
pub const WIDE: u32 = 720;
/// The same for a narrow screen.
pub const NARROW: u32 = 330;
/// Rough width of a character.
const CHARACTER: i32 = 7;
/// Height of a chart of columns.
const COLUMNS_HEIGHT: i32 = 260;
/// Height of a bar and the gap below.
const BAR: i32 = 16;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Figures of one kind, one for each category.
#[derive(Clone, Debug)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// The figures; `None` where there is none, which is no zero.
    pub values: Vec<Option<i64>>,
}

/// Figures by category.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows, for readers who do not see it.
    pub name: String,
    /// The categories in order.
    pub categories: Vec<String>,
    /// The figures of each kind; at most six kinds.
    pub series: Vec<Series>,
}

impl Chart {
    fn most(&self) -> i64 {
        let values = self.series.iter().flat_map(|series| &series.values);
        values.flatten().copied().max().unwrap_or(0).max(1)
    }
}

/// A bar for each category from left to right, series under one another; for categories with long names.
pub fn bars(chart: &Chart) -> String {
    both(
        chart,
        |area, width| draw_bars(area, chart, width),
        |width| bars_height(chart, width),
    )
}

fn bars_height(chart: &Chart, width: u32) -> i32 {
    let label = if is_narrow(width) { BAR } else { 0 };
    let row = BAR * count(chart.series.len()) + 8 + label;
    row * count(chart.categories.len()) + 8
}

/// A column for each category, series beside one another; for months and other times. Where the names of the categories have
/// no room, they are bars.
pub fn columns(chart: &Chart) -> String {
    let is_roomy = |width: u32| {
        let names = chart.categories.iter();
        let longest = names.map(|name| count(name.chars().count())).max();
        let groups = count(chart.categories.len()).max(1);
        let room = (i32::try_from(width).unwrap_or(0) - 8) / groups;
        longest.unwrap_or(0) * (CHARACTER + 1) <= room
    };
    both(
        chart,
        |area, width| match is_roomy(width) {
            true => draw_columns(area, chart, width),
            false => draw_bars(area, chart, width),
        },
        |width| match is_roomy(width) {
            true => COLUMNS_HEIGHT,
            false => bars_height(chart, width),
        },
    )
}

/// Parts beside one another against the whole that they are held against.
pub struct Against {
    /// What it shows, for readers who do not see it.
    pub name: String,
    /// What the parts are called.
    pub parts_name: String,
    /// The parts in order.
    pub parts: Vec<f64>,
    /// What the whole is called.
    pub whole_name: String,
    /// The whole.
    pub whole: f64,
}

/// Two bars of one scale: the whole, and under it the parts one after another, so that what is missing or too much shows.
pub fn against(chart: &Against) -> String {
    let sum: f64 = chart.parts.iter().sum();
    let most = sum.max(chart.whole).max(f64::MIN_POSITIVE);
    let draw = |area: &Area<'_>, width: u32| -> Drawn {
        let room = f64::from(width) - 4.0;
        let at = |value: f64| 2 + (value.max(0.0) / most * room) as i32;
        let rows = [(&chart.whole_name, 0), (&chart.parts_name, 42)];
        for (name, top) in rows {
            text(area, name, (2, top + 14), INK, HPos::Left, width)?;
        }
        rectangle(area, (at(0.0), 20), (at(chart.whole), 34), SERIES[5])?;
        let mut before = 0.0;
        for (index, part) in chart.parts.iter().enumerate() {
            let (from, to) = (at(before), at(before + part));
            // A line of the page between two parts keeps them apart whatever their colours are.
            let to = if to - from > 3 { to - 1 } else { to };
            rectangle(area, (from, 62), (to, 76), SERIES[index % 2 * 3])?;
            before += part;
        }
        let edge = at(chart.whole);
        area.draw(&PathElement::new(
            vec![(edge, 18), (edge, 80)],
            INK.stroke_width(2),
        ))
    };
    picture(&chart.name, 84, draw)
}

/// A flow: what came in, and where it went; of each target a name and a count.
pub struct Flow {
    /// What it shows, for readers who do not see it.
    pub name: String,
    /// What came in.
    pub source: (String, u64),
    /// Where it went, in order; what got nothing is drawn as a thread.
    pub targets: Vec<(String, u64)>,
}

/// Bands from what came in to where it went.
pub fn flow(flow: &Flow) -> String {
    const LEAST: f64 = 3.0;
    const BANDS: f64 = 92.0;
    const GAP: i32 = 10;
    let rows = count(flow.targets.len());
    let height = 100 + GAP * rows + 14 * rows;
    let draw = |area: &Area<'_>, width: u32| -> Drawn {
        let width_px = i32::try_from(width).unwrap_or(0);
        let label = if is_narrow(width) { 150 } else { 230 };
        let (left, right) = (16, width_px - label);
        let all = flow.source.1.max(1) as f64;
        let thick = |rows: u64| ((rows as f64) / all * BANDS).max(LEAST) as i32;
        let whole: i32 = flow.targets.iter().map(|(_, rows)| thick(*rows)).sum();
        let top = 24;
        let source = format!(
            "{}: {}",
            flow.source.0,
            words::number(signed(flow.source.1))
        );
        text(area, &source, (2, 14), INK, HPos::Left, width)?;
        rectangle(area, (2, top), (left - 4, top + whole), SERIES[5])?;
        let (mut from, mut to) = (top, top);
        for (index, (name, rows)) in flow.targets.iter().enumerate() {
            let height = thick(*rows);
            let colour = SERIES[index % SERIES.len()];
            let mut band = Vec::new();
            let curve = |start: i32, end: i32, back: bool| {
                let steps = 0..=12;
                let point = move |step: i32| {
                    let t = f64::from(if back { 12 - step } else { step }) / 12.0;
                    let ease = t * t * (3.0 - 2.0 * t);
                    let x = f64::from(left) + f64::from(right - left) * t;
                    let y = f64::from(start) + f64::from(end - start) * ease;
                    (x as i32, y as i32)
                };
                steps.map(point)
            };
            band.extend(curve(from, to, false));
            band.extend(curve(from + height, to + height, true));
            area.draw(&Polygon::new(band, colour.mix(0.55).filled()))?;
            rectangle(area, (right, to), (right + 8, to + height.max(2)), colour)?;
            let words = format!("{name}: {}", words::number(signed(*rows)));
            let middle = to + height / 2;
            text(
                area,
                &words,
                (right + 14, middle + 5),
                INK,
                HPos::Left,
                width,
            )?;
            from += height;
            to += height.max(14) + GAP;
        }
        Ok(())
    };
    picture(&flow.name, height, draw)
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw_bars(area: &Area<'_>, chart: &Chart, width: u32) -> Drawn {
    let narrow = is_narrow(width);
    let names = chart.categories.iter();
    let longest = names.map(|name| count(name.chars().count())).max();
    let left = match narrow {
        true => 2,
        false => (longest.unwrap_or(0) * (CHARACTER + 1) + 10).clamp(60, 330),
    };
    let most = chart.most();
    let room = i32::try_from(width).unwrap_or(0) - left - count(words::number(most).len()) * 9 - 8;
    let series = count(chart.series.len());
    let label = if narrow { BAR } else { 0 };
    let row = BAR * series + 8 + label;
    let letters = usize::try_from((left - 10) / CHARACTER).unwrap_or(0);
    for (index, name) in chart.categories.iter().enumerate() {
        let top = 4 + row * count(index);
        match narrow {
            true => text(area, name, (2, top + 12), INK, HPos::Left, width)?,
            false => {
                let middle = top + BAR * series / 2 + 5;
                let name = shortened(name, letters);
                text(area, &name, (left - 8, middle), INK, HPos::Right, width)?;
            }
        }
        for (at, series) in chart.series.iter().enumerate() {
            let y = top + label + BAR * count(at);
            let Some(value) = series.values.get(index).copied().flatten() else {
                text(
                    area,
                    "no figure",
                    (left + 4, y + 12),
                    FAINT,
                    HPos::Left,
                    width,
                )?;
                continue;
            };
            let length = (value.max(0) as f64 / most as f64 * f64::from(room)) as i32;
            rectangle(
                area,
                (left, y),
                (left + length.max(1), y + BAR - 3),
                SERIES[at % 6],
            )?;
            let words = words::number(value);
            text(
                area,
                &words,
                (left + length + 5, y + 12),
                INK,
                HPos::Left,
                width,
            )?;
        }
    }
    let height = row * count(chart.categories.len()) + 4;
    if !narrow {
        area.draw(&PathElement::new(vec![(left, 0), (left, height)], FAINT))?;
    }
    Ok(())
}

fn draw_columns(area: &Area<'_>, chart: &Chart, width: u32) -> Drawn {
    let (top, bottom) = (20, 232);
    let width_px = i32::try_from(width).unwrap_or(0);
    let groups = count(chart.categories.len()).max(1);
    let group = (width_px - 8) / groups;
    let series = count(chart.series.len()).max(1);
    let column = ((group - 4) / series).max(1);
    let most = chart.most();
    area.draw(&PathElement::new(
        vec![(4, bottom), (width_px - 4, bottom)],
        FAINT,
    ))?;
    let letters = usize::try_from(((group - 2) / (CHARACTER + 1)).max(1)).unwrap_or(1);
    // Where figures would run into one another, the table beside the chart has them alone: all or none.
    let figures = chart.series.iter().flat_map(|series| &series.values);
    let longest = figures.flatten().map(|value| words::number(*value).len());
    let is_roomy = count(longest.max().unwrap_or(0)) * CHARACTER + 2 <= column;
    for (index, name) in chart.categories.iter().enumerate() {
        let left = 4 + group * count(index);
        let shown: String = name.chars().take(letters).collect();
        text(
            area,
            &shown,
            (left + group / 2, bottom + 18),
            INK,
            HPos::Center,
            width,
        )?;
        for (at, series) in chart.series.iter().enumerate() {
            let x = left + 2 + column * count(at);
            let Some(value) = series.values.get(index).copied().flatten() else {
                continue;
            };
            let height = (value.max(0) as f64 / most as f64 * f64::from(bottom - top)) as i32;
            rectangle(
                area,
                (x, bottom - height.max(1)),
                (x + column - 2, bottom),
                SERIES[at % 6],
            )?;
            if is_roomy {
                let place = (x + (column - 2) / 2, bottom - height - 5);
                text(area, &words::number(value), place, INK, HPos::Center, width)?;
            }
        }
    }
    Ok(())
}

/// A chart for wide and one for narrow screens, with the key of its colours; a page shows the one that fits.
fn both(
    chart: &Chart,
    draw: impl Fn(&Area<'_>, u32) -> Drawn,
    height: impl Fn(u32) -> i32,
) -> String {
    let mut html = String::new();
    if chart.series.len() > 1 {
        html.push_str("<ul class=\"key\">");
        for (at, series) in chart.series.iter().enumerate() {
            let name = escape(&series.name);
            html.push_str(&format!(
                "<li><span class=\"swatch s{}\"></span>{name}</li>",
                at % 6 + 1
            ));
        }
        html.push_str("</ul>");
    }
    for (width, class) in [(WIDE, "wide"), (NARROW, "narrow")] {
        html.push_str(&svg(&chart.name, class, width, height(width), &draw));
    }
    html
}

fn picture(name: &str, height: i32, draw: impl Fn(&Area<'_>, u32) -> Drawn) -> String {
    let widths = [(WIDE, "wide"), (NARROW, "narrow")];
    let drawn = widths.map(|(width, class)| svg(name, class, width, height, &draw));
    drawn.concat()
}

fn svg(
    name: &str,
    class: &str,
    width: u32,
    height: i32,
    draw: &dyn Fn(&Area<'_>, u32) -> Drawn,
) -> String {
    let height = u32::try_from(height.max(1)).unwrap_or(1);
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, (width, height)).into_drawing_area();
        // Drawing into a text cannot fail.
        let _ = draw(&area, width).and_then(|()| area.present());
    }
    // The name and the class replace the size, which is the page's to say.
    let inside = out.split_once('>').map_or("", |(_, inside)| inside);
    format!(
        "<svg class=\"chart {class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">{inside}",
        escape(name)
    )
}

fn text(
    area: &Area<'_>,
    words: &str,
    at: (i32, i32),
    colour: RGBColor,
    anchor: HPos,
    width: u32,
) -> Drawn {
    let most = usize::try_from(width).unwrap_or(0) / 7;
    let words = harmless::words(words);
    let words = shortened(&words, most);
    let style = ("sans-serif", TEXT).into_font().color(&colour);
    let style = style.pos(Pos::new(anchor, VPos::Bottom));
    area.draw(&Text::new(words, at, style))
}

/// A text that is cut where there is room for so many letters only.
fn shortened(text: &str, letters: usize) -> String {
    match text.chars().count() > letters {
        true => text
            .chars()
            .take(letters.saturating_sub(1))
            .chain(['…'])
            .collect(),
        false => text.to_owned(),
    }
}

fn rectangle(area: &Area<'_>, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Drawn {
    area.draw(&Rectangle::new([from, to], colour.filled()))
}

fn is_narrow(width: u32) -> bool {
    width < WIDE
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            name: "Cases by answer".to_owned(),
            categories: vec!["Yes".to_owned(), "<b>No</b>".to_owned()],
            series: vec![
                Series {
                    name: "Closed".to_owned(),
                    values: vec![Some(7_218), Some(0)],
                },
                Series {
                    name: "Enhanced".to_owned(),
                    values: vec![Some(1_289), None],
                },
            ],
        }
    }

    #[test]
    fn a_chart_shows_its_figures_and_has_a_name() {
        for svg in [bars(&chart()), columns(&chart())] {
            assert_eq!(svg.matches("<svg").count(), 2, "{svg}");
            assert_eq!(svg.matches("aria-label=\"Cases by answer\"").count(), 2);
            assert!(svg.contains("7,218"), "{svg}");
            assert!(!svg.contains("<b>"), "{svg}");
        }
        assert!(bars(&chart()).contains("no figure"));
    }

    #[test]
    fn a_bar_is_as_long_as_its_figure() {
        let svg = bars(&chart());
        let wide = svg.split("<svg").nth(1).expect("a chart");
        let widths: Vec<f64> = wide
            .split("<rect ")
            .skip(1)
            .filter_map(|rest| {
                rest.split("width=\"")
                    .nth(1)?
                    .split('"')
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        assert_eq!(widths.len(), 3, "{wide}");
        let ratio = widths[0] / widths[1];
        assert!((ratio - 7_218.0 / 1_289.0).abs() < 0.1, "{widths:?}");
    }

    #[test]
    fn parts_and_flows_are_drawn() {
        let drawn = against(&Against {
            name: "Parts and whole".to_owned(),
            parts_name: "3 parts, together 60".to_owned(),
            parts: vec![10.0, 20.0, 30.0],
            whole_name: "Stated: 62".to_owned(),
            whole: 62.0,
        });
        assert_eq!(drawn.matches("<rect").count(), 8, "{drawn}");
        let drawn = flow(&Flow {
            name: "Rows".to_owned(),
            source: ("read".to_owned(), 100),
            targets: vec![("clean".to_owned(), 97), ("rejected".to_owned(), 3)],
        });
        assert_eq!(drawn.matches("<polygon").count(), 4, "{drawn}");
        assert!(drawn.contains("rejected: 3"), "{drawn}");
    }
}
