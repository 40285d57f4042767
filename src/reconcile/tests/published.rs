//! Files of published figures: what is read, and what is refused with its line.

use super::super::published::{parse, parse_with};
use crate::{
    diagnostics::{Diagnostic, Source, yaml},
    rules::totals::Suppressed,
};

const HEADER: &str = "section,table,origin,period,population,category,measure,value,printed,line\n";
const ROW: &str = "2,t,text,y,all,a,count,12814,\"12, 814\",37\n";

#[test]
fn figures_keep_value_print_and_places() {
    let text = format!(
        "\u{feff}{HEADER}{ROW}\n3,t,chart,y,all,\"a, b\",share,0.16900000000000001,0.16900000000000001,\r\n"
    );
    let figures = parse("p.csv", text.as_bytes()).expect("figures");
    let shown: Vec<String> = figures
        .iter()
        .map(|f| {
            let (section, category) = (&f.section, &f.category);
            format!(
                "{section} {category} {} [{}] {}",
                f.value,
                f.printed(),
                f.stated_at
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2 a 12814 [12, 814] p.csv:2 (report line 37)",
            "3 a, b 0.16900000000000001 [0.16900000000000001] p.csv:4",
        ]
    );
}

#[test]
fn columns_are_found_by_name() {
    let text = "value,line,printed,measure,category,population,period,origin,table,section\n\
        5,1,five,count,a,all,y,text,t,2\n";
    let figures = parse("p.csv", text.as_bytes()).expect("figures");
    assert_eq!(figures[0].value.to_string(), "5");
    assert_eq!(&*figures[0].table, "t");
    assert_eq!(figures[0].stated_at.to_string(), "p.csv:2 (report line 1)");
}

#[test]
fn bad_files_are_refused_with_their_line() {
    let with = |rows: &str| format!("{HEADER}{ROW}{rows}").into_bytes();
    let long = format!("2,t,text,y,all,{},count,1,1,1\n", "x".repeat(5_000));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "p.csv: the file has no header"),
        (
            HEADER.replace("measure,", "").into_bytes(),
            "p.csv:1: there is no column `measure`",
        ),
        (
            HEADER.replace("line", "lines").into_bytes(),
            "p.csv:1: column `lines` is unknown or there twice",
        ),
        (
            HEADER.replace("line", "value").into_bytes(),
            "p.csv:1: column `value` is unknown or there twice",
        ),
        (
            [&with("")[..], b"2,t,text,y,all,\xe9,count,1,1,1\n"].concat(),
            "p.csv:3: the line is not UTF-8",
        ),
        (
            with("2,t,text,y,all,b,count,1,1,1\r2,t,text,y,all,c,count,1,1,1\n"),
            "p.csv:3: a carriage return without a line feed",
        ),
        (
            with("\r\r\n2,t,text,y,all,b,count,1,1,\r\n"),
            "p.csv:3: a carriage return without a line feed",
        ),
        (
            with("2,t,text,y,all,\"b,count,1,1,1\n2,t,text,y,all,c,count,1,1,1\n"),
            "p.csv:3: a quote is opened here",
        ),
        (
            with("2,t,text,y,all,b\"x,count,1,\"1,1\n\n2,t,text,y,all,c,count,1,\"1,1\"\n"),
            "p.csv:3: a quote is opened here",
        ),
        (
            with("2,t,text,y,all,b,count,1,1,\"1"),
            "p.csv:3: a quote is opened here",
        ),
        (
            with("\n2,t,text,y,all,b,count,1,1\n"),
            "p.csv:4: the line has 9 cells and the header 10",
        ),
        (
            with("2,t,text,y,all,b,count,1,1,1,1\n"),
            "p.csv:3: the line has 11 cells and the header 10",
        ),
        (
            with("2,t,text,y,all, ,count,1,1,1\n"),
            "p.csv:3: `category` is blank",
        ),
        (
            with("2,t,text,y,all,b,count,,1,1\n"),
            "p.csv:3: `value` is blank",
        ),
        (
            with("2,t,text,y,all,b,count,\"1,000\",1,1\n"),
            "p.csv:3: in column `value`: `1,000` is no number",
        ),
        (
            with("2,t,text,y,all,b,count,1,1,0\n"),
            "p.csv:3: `0` in column `line` is no line of the publication",
        ),
        (
            with("2,t,text,y,all,b,count,1,1,x\n"),
            "p.csv:3: `x` in column `line` is no line of the publication",
        ),
        (
            with("9,t,text,y,all,b,count,1,1,1\n2,t,text,y,all,a,count,12815,,37\n"),
            "p.csv:4: the figure of line 2 is there again",
        ),
        (
            with(&long),
            "p.csv:3: a cell's length is over the limit of 4096",
        ),
    ];
    for (text, expected) in cases {
        let error = parse("p.csv", &text).expect_err(expected).to_string();
        assert!(
            error.starts_with(expected),
            "expected {expected:?}, said {error:?}"
        );
    }
}

/// What `published: { suppressed: … }` of a project says.
fn suppressed(declared: &str, diagnostics: &mut Vec<Diagnostic>) -> Suppressed {
    let source = std::sync::Arc::new(Source {
        path: "rules/project.yaml".to_owned(),
        text: declared.to_owned(),
    });
    let node = yaml::parse(&source, diagnostics).expect("YAML");
    let texts = yaml::decode(&node, &source, diagnostics);
    Suppressed::declared(texts.unwrap_or_default(), diagnostics)
}

#[test]
fn suppressed_figures_are_those_that_the_project_declares() {
    let mut diagnostics = Vec::new();
    let declared = r#"{ "<5": [1, 4], "*": [0, null], "c": [null, 2.5], ":": [null, null] }"#;
    let suppressed = suppressed(declared, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let row = |category: &str, value: &str, printed: &str| {
        format!("2,t,text,y,all,{category},count,{value},{printed},1\n")
    };
    let rows = [
        row("a", "", "<5"),
        row("b", "", " * "),
        row("c", "", "c"),
        row("d", "", ":"),
        // A figure that stands there is not suppressed, whatever is printed.
        row("e", "3", "<5"),
    ];
    let text = format!("{HEADER}{}", rows.concat());
    let figures = parse_with("p.csv", text.as_bytes(), &suppressed).expect("figures");
    let ranges: Vec<String> = figures.iter().map(|f| f.range().to_string()).collect();
    assert_eq!(
        ranges,
        ["1 to 4", "at least 0", "at most 2.5", "any number", "3"]
    );
    assert_eq!(figures[0].printed(), "<5");

    for (bad, expected) in [
        (
            row("a", "", "<6"),
            "p.csv:2: `value` is blank and nobody says what the printed `<6` stands for: fill in the value, or declare the text in rules/project.yaml, such as `suppressed: { \"<6\": [1, 4] }` under `published`",
        ),
        (
            row("a", "", ""),
            "p.csv:2: `value` is blank, so nobody can tell",
        ),
        (
            row("a", "<5", "<5"),
            "p.csv:2: in column `value`: `<5` is no number",
        ),
    ] {
        let text = format!("{HEADER}{bad}");
        let error = parse_with("p.csv", text.as_bytes(), &suppressed).expect_err(expected);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn mistakes_in_suppressed_texts_are_said_at_their_place() {
    for (declared, expected) in [
        (
            r#"{ "<5": [4, 1] }"#,
            "`<5` can stand for nothing: its least is above its most @ [4, 1]",
        ),
        (r#"{ "<5": [4] }"#, "`<5` needs two bounds, not 1 @ [4]"),
        (r#"{ "<5": 4 }"#, "a list has to stand here, not `4` @ 4"),
        (r#"{ "<5": [x, 4] }"#, "`x` is no number"),
        (
            r#"{ " ": [1, 4] }"#,
            "a blank text cannot stand for a suppressed figure @ \" \"",
        ),
        (r#"{ "5": [1, 4] }"#, "`5` is a figure itself @ \"5\""),
    ] {
        let mut diagnostics = Vec::new();
        suppressed(declared, &mut diagnostics);
        let said: Vec<String> = diagnostics
            .iter()
            .map(|d| {
                let span = d.span.as_ref().expect("a place");
                format!("{} @ {}", d.message, &span.source.text[span.bytes.clone()])
            })
            .collect();
        assert!(
            matches!(said.as_slice(), [only] if only.starts_with(expected)),
            "expected {expected:?}, said {said:#?}"
        );
    }
}

#[test]
fn one_figure_on_two_lines_of_the_publication_is_two() {
    let text = format!("{HEADER}{ROW}{}", ROW.replace("37", "41"));
    assert_eq!(parse("p.csv", text.as_bytes()).expect("figures").len(), 2);
}

#[test]
fn every_published_figure_of_the_project_is_read() {
    let text = include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/published/published_figures.csv"
    ));
    let figures = parse("fixtures/published/published_figures.csv", text).expect("figures");
    let lines = text.iter().filter(|b| **b == b'\n').count();
    assert_eq!(figures.len(), lines - 1);
    for figure in &figures {
        let printed: String = figure
            .printed()
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        assert_eq!(figure.value.to_string(), printed, "{}", figure.stated_at);
    }
}
