//! Files of published figures: what is read, and what is refused with its line.

use super::super::published::parse;

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
                f.value, f.printed, f.stated_at
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
    assert_eq!(figures[0].stated_at, "p.csv:2 (report line 1)");
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
            .printed
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        assert_eq!(figure.value.to_string(), printed, "{}", figure.stated_at);
    }
}
