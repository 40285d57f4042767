//! What a text stands for, what becomes of it, and what is said about it.

use jiff::civil::date;

use super::*;
use crate::{
    names::Name,
    tables::{Code, Confidence, Missing, Relation},
};

fn list() -> Arc<CodeList> {
    let code = |text: &str, missing, from, to| Code {
        missing,
        valid_from: from,
        valid_to: to,
        ..Code::plain(text, 0)
    };
    let codes = vec![
        code("North", None, None, Some(date(2015, 5, 7))),
        code("South", None, Some(date(2015, 5, 7)), None),
        code("Unknown", Some(Missing::Unknown), None, None),
    ];
    let list = CodeList::new(Name::new("areas").expect("a name"), codes);
    let list = list.with_alias("SOUTH", 1, None);
    Arc::new(list.with_alias("Suoth", 1, Some(Cause::Misspelling)))
}

/// One cell through a coder: its value, whether it is a code, its missing mark, and the cause of a failure.
fn check(
    text: &str,
    day: Option<i32>,
    repair: Repair,
) -> (Option<String>, Option<bool>, i8, Option<&'static str>) {
    let codes = Codes {
        as_of: Some(0),
        map_aliases: true,
        repair,
        correct: Cause::OF_ALIASES.to_vec(),
        ..Codes::of(0)
    };
    let mut coder = Coder::new(list(), &codes);
    let clean = StringArray::from(vec![text]);
    let tokens = ["N/K", "Unknown"].map(|token| (token.to_owned(), Missing::Refused));
    let missing = super::super::text::missing_status(&clean, &tokens);
    let made = coder.code(&clean, missing, Some(&Date32Array::from(vec![day])));
    let value = made
        .value
        .as_any()
        .downcast_ref::<StringArray>()
        .expect("text");
    (
        value.is_valid(0).then(|| value.value(0).to_owned()),
        made.code_status
            .is_valid(0)
            .then(|| made.code_status.value(0)),
        made.missing.value(0),
        coder
            .explain(text, day)
            .map(|fault| fault.cause)
            .filter(|_| made.code_status.is_valid(0)),
    )
}

#[test]
fn codes_aliases_periods_and_repairs() {
    use Repair::{Correct, Keep, Null};
    let (y2014, y2016) = (days(date(2014, 1, 1)), days(date(2016, 1, 1)));
    let some = |text: &str| Some(text.to_owned());
    let table = [
        ("South", y2016, Correct, some("South"), Some(true), 0, None),
        (
            "South",
            y2014,
            Correct,
            some("South"),
            Some(false),
            0,
            Some("not_yet_valid"),
        ),
        ("South", None, Correct, some("South"), Some(true), 0, None),
        (
            "North",
            days(date(2015, 5, 6)),
            Keep,
            some("North"),
            Some(true),
            0,
            None,
        ),
        (
            "North",
            days(date(2015, 5, 7)),
            Keep,
            some("North"),
            Some(false),
            0,
            Some("retired"),
        ),
        ("SOUTH", y2016, Keep, some("South"), Some(true), 0, None),
        (
            "SOUTH",
            y2014,
            Keep,
            some("South"),
            Some(false),
            0,
            Some("not_yet_valid"),
        ),
        (
            "Suoth",
            y2016,
            Correct,
            some("South"),
            Some(false),
            0,
            Some("misspelling"),
        ),
        (
            "Suoth",
            y2016,
            Keep,
            some("Suoth"),
            Some(false),
            0,
            Some("misspelling"),
        ),
        (
            "Suoth",
            y2016,
            Null,
            None,
            Some(false),
            0,
            Some("misspelling"),
        ),
        (
            "Elsewhere",
            y2016,
            Correct,
            None,
            Some(false),
            0,
            Some("unknown"),
        ),
        (
            "Elsewhere",
            y2016,
            Null,
            None,
            Some(false),
            0,
            Some("unknown"),
        ),
        (
            "Elsewhere",
            y2016,
            Keep,
            some("Elsewhere"),
            Some(false),
            0,
            Some("unknown"),
        ),
        (
            "Unknown",
            y2016,
            Correct,
            some("Unknown"),
            Some(true),
            2,
            None,
        ),
        ("", y2016, Correct, None, None, 1, None),
        // A token becomes null where it is no code.
        ("N/K", y2016, Keep, None, None, 3, None),
    ];
    for (text, day, repair, value, is_code, missing, cause) in table {
        let got = check(text, day, repair);
        assert_eq!(
            got,
            (value, is_code, missing, cause),
            "{text:?} {day:?} {repair:?}"
        );
    }
}

/// What is said of `text` by a column that draws on `list`: the cause, what was meant, and what became of it.
fn told(list: &CodeList, codes: &Codes, text: &str) -> (&'static str, String, Option<String>) {
    let coder = Coder::new(Arc::new(list.clone()), codes);
    let day = codes.as_of.and(days(date(2016, 1, 1)));
    let fault = coder.explain(text, day).expect("no code");
    (fault.cause, codes_of(&fault).join(" or "), fault.cleaned)
}

fn codes_of(fault: &CodeFault) -> Vec<&str> {
    fault
        .meant
        .iter()
        .map(|meant| meant.code.as_str())
        .collect()
}

fn named(codes: &[&str]) -> CodeList {
    let codes = codes.iter().zip(1..);
    let codes = codes.map(|(code, sort)| Code::plain(code, sort)).collect();
    CodeList::new(Name::new("names").expect("a name"), codes)
}

#[test]
fn each_way_to_miss_a_code_has_its_cause() {
    let list = named(&[
        "Oak Hill",
        "St. Mary's",
        "Café & Bar",
        "0042",
        "Ash (East)",
        "Elm (West)",
        "Birch (West)",
    ]);
    for (text, cause, meant) in [
        ("oak hill", "case", "Oak Hill"),
        ("OakHill", "spacing", "Oak Hill"),
        ("oak  hill", "spacing", "Oak Hill"),
        ("Oak-Hill", "punctuation", "Oak Hill"),
        ("St Marys", "punctuation", "St. Mary's"),
        ("St. Mary\u{2019}s", "look_alike", "St. Mary's"),
        ("Café and Bar", "punctuation", "Café & Bar"),
        ("Cafe & Bar", "look_alike", "Café & Bar"),
        ("O\u{0430}k Hill", "look_alike", "Oak Hill"),
        ("42", "leading_zero", "0042"),
        ("00042", "leading_zero", "0042"),
        ("Ash (West)", "wrong_group", "Ash (East)"),
        ("Elm", "wrong_group", "Elm (West)"),
        ("Oka Hill", "transposition", "Oak Hill"),
        ("Oak Hil", "one_edit", "Oak Hill"),
        ("oak hil", "one_edit", "Oak Hill"),
        ("Birsh (Wast)", "near_miss", "Birch (West)"),
        ("Somewhere else", "unknown", ""),
    ] {
        let (told, suggested, cleaned) = told(&list, &Codes::of(0), text);
        assert_eq!((told, suggested.as_str()), (cause, meant), "{text}");
        assert_eq!(cleaned.as_deref(), Some(text));
    }
}

#[test]
fn what_fits_two_codes_equally_is_ambiguous_and_never_applied() {
    let list = named(&["Bat", "Cat", "A-1", "A 1"]);
    let codes = Codes {
        repair: Repair::Correct,
        guess: vec![Cause::OneEdit, Cause::Punctuation, Cause::Case],
        ..Codes::of(0)
    };
    let either = told(&list, &codes, "Hat");
    assert_eq!(either, ("ambiguous", "Bat or Cat".to_owned(), None));
    // Fewer kinds of writing differ from the one than from the other.
    let closer = told(&list, &codes, "a-1");
    assert_eq!(closer, ("case", "A-1".to_owned(), Some("A-1".to_owned())));
    // Three characters may have one wrong, and `Dog` has more.
    assert_eq!(told(&list, &codes, "Dog").0, "unknown");
}

#[test]
fn only_the_causes_that_the_project_names_are_corrected() {
    let list = named(&["North", "South"]).with_alias("Suoth", 1, Some(Cause::Misspelling));
    let correct = |correct: &[Cause]| Codes {
        repair: Repair::Correct,
        map_aliases: true,
        correct: correct.to_vec(),
        guess: correct.to_vec(),
        ..Codes::of(0)
    };
    for (causes, text, cleaned) in [
        (&[Cause::Case][..], "north", Some("North")),
        (&[Cause::Case], "Nort", None),
        (&[Cause::Case], "Suoth", None),
        (&[Cause::Misspelling], "Suoth", Some("South")),
        (&[Cause::Misspelling], "north", None),
        (&[Cause::OneEdit, Cause::Case], "Nort", Some("North")),
    ] {
        let (_, _, got) = told(&list, &correct(causes), text);
        assert_eq!(got.as_deref(), cleaned, "{text} {causes:?}");
    }
}

#[test]
fn an_alias_has_to_be_sure_enough_and_may_be_accepted() {
    let alias = |code, cause, confidence| Entry {
        code,
        alias: Some(Alias { cause, confidence }),
    };
    let mut list = named(&["North", "South"]);
    list.lookup.insert(
        "Hill".to_owned(),
        vec![alias(0, Some(Cause::PartOf), Confidence::Inferred)],
    );
    let codes = |min_confidence, accept: &[Cause]| Codes {
        map_aliases: true,
        min_confidence,
        accept: accept.to_vec(),
        ..Codes::of(0)
    };
    let north = || "North".to_owned();
    assert_eq!(
        told(&list, &codes(Confidence::Probable, &[]), "Hill"),
        ("low_confidence", north(), Some("Hill".to_owned()))
    );
    assert_eq!(
        told(&list, &codes(Confidence::Inferred, &[]), "Hill"),
        ("part_of", north(), Some("Hill".to_owned()))
    );
    let accepted = codes(Confidence::Inferred, &[Cause::PartOf]);
    let mut coder = Coder::new(Arc::new(list), &accepted);
    assert_eq!(coder.explain("Hill", None), None);
    let clean = StringArray::from(vec!["Hill"]);
    let made = coder.code(&clean, Int8Array::from(vec![0]), None);
    assert_eq!(
        made.value.as_ref(),
        &StringArray::from(vec!["North"]) as &dyn Array
    );
    assert_eq!(made.repairs, [(0, north(), "variant")]);
}

#[test]
fn a_name_means_the_code_that_is_in_force_on_the_day() {
    let code = |code: &str, from, to| Code {
        valid_from: from,
        valid_to: to,
        ..Code::plain(code, 1)
    };
    let turn = Some(date(2015, 5, 7));
    let codes = vec![code("W1", None, turn), code("W2", turn, None)];
    let list = CodeList::new(Name::new("parishes").expect("a name"), codes)
        .with_alias("Abbey", 0, None)
        .with_alias("Abbey", 1, None);
    let codes = Codes {
        as_of: Some(0),
        map_aliases: true,
        ..Codes::of(0)
    };
    let mut coder = Coder::new(Arc::new(list), &codes);
    let clean = StringArray::from(vec!["Abbey"; 4]);
    let on = [
        days(date(2015, 5, 6)),
        days(date(2015, 5, 7)),
        days(date(2016, 1, 1)),
        None,
    ];
    let made = coder.code(
        &clean,
        Int8Array::from(vec![0; 4]),
        Some(&Date32Array::from(on.to_vec())),
    );
    // Without a day nothing says which is meant, and that is not this rule's matter.
    let want = StringArray::from(vec!["W1", "W2", "W2", "Abbey"]);
    assert_eq!(made.value.as_ref(), &want as &dyn Array);
    let status = BooleanArray::from(vec![Some(true), Some(true), Some(true), None]);
    assert_eq!(made.code_status, status);
    assert_eq!(coder.explain("Abbey", None), None);
    // One edit away from both: the day tells which.
    let fault = coder
        .explain("Abey", days(date(2016, 1, 1)))
        .expect("no code");
    assert_eq!((fault.cause, codes_of(&fault)), ("one_edit", vec!["W2"]));
}

#[test]
fn successors_take_the_place_of_a_retired_code_unless_it_was_split() {
    let turn = Some(date(2015, 5, 7));
    let old = |code: &str| Code {
        valid_to: turn,
        ..Code::plain(code, 1)
    };
    let codes = vec![
        old("Renamed"),
        old("Merged"),
        old("Split"),
        old("Closed"),
        Code::plain("New", 5),
        Code::plain("East", 6),
        Code::plain("West", 7),
    ];
    let mut list = CodeList::new(Name::new("areas").expect("a name"), codes);
    list.correspondence.successors = [
        ("Renamed", vec![4]),
        ("Merged", vec![5]),
        ("Also merged", vec![5]),
        ("Split", vec![5, 6]),
        ("Closed", vec![]),
        ("Of another version", vec![6]),
    ]
    .map(|(code, successors)| (code.to_owned(), successors))
    .into();
    let relations = ["Renamed", "Merged", "Split", "Closed", "New"]
        .map(|code| list.correspondence.relation(code).map(Relation::word));
    assert_eq!(
        relations,
        [Some("1:1"), Some("n:1"), Some("1:n"), Some("none"), None]
    );
    let codes = Codes {
        as_of: Some(0),
        repair: Repair::Correct,
        correct: vec![Cause::Retired],
        guess: vec![Cause::Retired],
        ..Codes::of(0)
    };
    for (text, meant, cleaned) in [
        ("Renamed", "New", Some("New")),
        ("Merged", "East", Some("East")),
        ("Split", "East or West", Some("Split")),
        ("Closed", "", Some("Closed")),
        ("Of another version", "West", Some("West")),
    ] {
        let (cause, suggested, got) = told(&list, &codes, text);
        assert_eq!(
            (cause, suggested.as_str(), got.as_deref()),
            ("retired", meant, cleaned),
            "{text}"
        );
    }
}

#[test]
fn a_successor_that_was_replaced_itself_is_followed_by_the_day() {
    let code = |code: &str, from, to| Code {
        valid_from: from,
        valid_to: to,
        ..Code::plain(code, 1)
    };
    let (first, second) = (Some(date(2010, 1, 1)), Some(date(2015, 1, 1)));
    let codes = vec![
        code("A", None, first),
        code("B", first, second),
        code("C", second, None),
        code("D", None, first),
        code("E", first, second),
        code("F", second, None),
        code("G", second, None),
        code("H", None, second),
        code("Old Oaks", None, None),
    ];
    let mut list = CodeList::new(Name::new("areas").expect("a name"), codes);
    list.correspondence.successors = [
        ("A", vec![1]),
        ("B", vec![2]),
        ("D", vec![4]),
        // One part of what was split is still in force, and that makes it no surer.
        ("E", vec![5, 6]),
        ("Old A", vec![0]),
        ("Old split", vec![5, 7]),
        ("H", vec![]),
        ("Old H", vec![7]),
        ("Old Oat", vec![]),
    ]
    .map(|(code, successors)| (code.to_owned(), successors))
    .into();
    let codes = Codes {
        as_of: Some(0),
        repair: Repair::Correct,
        correct: vec![Cause::Retired],
        guess: vec![Cause::Retired, Cause::OneEdit, Cause::NearMiss],
        ..Codes::of(0)
    };
    let coder = Coder::new(Arc::new(list.clone()), &codes);
    for (text, year, cause, meant, cleaned) in [
        ("A", 2012, "retired", "B", Some("B")),
        ("A", 2020, "retired", "C", Some("C")),
        ("Old A", 2012, "retired", "B", Some("B")),
        ("Old A", 2020, "retired", "C", Some("C")),
        ("D", 2012, "retired", "E", Some("E")),
        ("D", 2020, "retired", "F or G", Some("D")),
        ("Old split", 2012, "ambiguous", "F or H", None),
        ("Old split", 2020, "ambiguous", "F or H", None),
        ("Old H", 2012, "retired", "H", Some("H")),
        ("Old H", 2020, "retired", "", None),
        // Near to a code, and known to be none.
        ("Old Oat", 2020, "retired", "", None),
        ("Old Oak", 2020, "one_edit", "Old Oaks", Some("Old Oaks")),
    ] {
        let fault = coder
            .explain(text, days(date(year, 1, 1)))
            .expect("not in force");
        assert_eq!(
            (
                fault.cause,
                codes_of(&fault).join(" or ").as_str(),
                fault.cleaned.as_deref()
            ),
            (cause, meant, cleaned),
            "{text} in {year}"
        );
    }
    // Without a day either may be meant.
    let fault = coder.explain("Old A", None).expect("no code");
    assert_eq!(fault.cause, "ambiguous");
    assert_eq!(
        (codes_of(&fault), fault.cleaned.clone()),
        (vec!["A", "B", "C"], None)
    );
    // What another list's code became says nothing of this list's own code of that name.
    list.correspondence.of_others = ["B".to_owned()].into();
    let coder = Coder::new(Arc::new(list), &codes);
    let fault = coder.explain("A", days(date(2020, 1, 1))).expect("retired");
    assert_eq!((codes_of(&fault), fault.fate), (vec!["B"], Fate::Kept));
}

#[test]
fn a_code_of_another_level_takes_no_place_of_a_retired_one() {
    let of_level = |code: &str, level: &str, to| Code {
        level: Some(level.to_owned()),
        valid_to: to,
        ..Code::plain(code, 1)
    };
    let codes = vec![
        of_level("Old room", "room", Some(date(2015, 1, 1))),
        of_level("Wing", "wing", None),
    ];
    let mut list = CodeList::new(Name::new("areas").expect("a name"), codes);
    list.correspondence.successors = [("Old room".to_owned(), vec![1])].into();
    let codes = Codes {
        as_of: Some(0),
        level: Some("room".to_owned()),
        repair: Repair::Correct,
        correct: vec![Cause::Retired],
        ..Codes::of(0)
    };
    let told = told(&list, &codes, "Old room");
    assert_eq!(
        told,
        ("retired", "Wing".to_owned(), Some("Old room".to_owned()))
    );
}

#[test]
fn how_accents_are_stored_is_one_kind_of_writing_and_no_more() {
    let list = named(&["Café Órgãos"]);
    for (text, cause) in [
        ("Cafe\u{301} O\u{301}rga\u{303}os", "look_alike"),
        ("cafe\u{301} o\u{301}rga\u{303}os", "case"),
        ("Cafe\u{301}-O\u{301}rga\u{303}os", "punctuation"),
        ("Cafe\u{301} O\u{301}rga\u{303}o", "one_edit"),
    ] {
        let (told, meant, _) = told(&list, &Codes::of(0), text);
        assert_eq!((told, meant.as_str()), (cause, "Café Órgãos"), "{text}");
    }
    // The very code, and not the one without accents.
    let (_, meant, _) = told(&named(&["Cafe", "Café"]), &Codes::of(0), "Cafe\u{301}");
    assert_eq!(meant, "Café");
}

#[test]
fn a_code_of_another_level_fails_and_stays() {
    let of_level = |code: &str, level: &str| Code {
        level: Some(level.to_owned()),
        ..Code::plain(code, 1)
    };
    let codes = vec![of_level("Leeds", "city"), of_level("Hyde Park", "parish")];
    let list = CodeList::new(Name::new("places").expect("a name"), codes);
    let codes = Codes {
        level: Some("parish".to_owned()),
        repair: Repair::Correct,
        ..Codes::of(0)
    };
    assert_eq!(
        told(&list, &codes, "Leeds"),
        ("other_level", String::new(), Some("Leeds".to_owned()))
    );
    let coder = Coder::new(Arc::new(list), &codes);
    assert_eq!(coder.explain("Hyde Park", None), None);
}

#[test]
fn without_a_word_of_the_project_nothing_is_guessed() {
    let list = named(&["Blue (East)", "15", "-1", "C#"]);
    let codes = Codes {
        repair: Repair::Correct,
        map_aliases: true,
        correct: Cause::OF_ALIASES.to_vec(),
        ..Codes::of(0)
    };
    let told_of = |text| told(&list, &codes, text);
    assert_eq!(
        told_of("Blue (West)"),
        ("wrong_group", "Blue (East)".to_owned(), None)
    );
    // Signs are part of a number, and what is nothing but signs is like nothing.
    for text in ["+1", "1.5", "-15", "#", "\u{1f642}"] {
        assert_eq!(told_of(text).2, None, "{text}");
        assert!(
            !["punctuation", "look_alike"].contains(&told_of(text).0),
            "{text}"
        );
    }
}

#[test]
fn a_guess_is_in_force_and_of_the_level_or_none() {
    let turn = Some(date(2015, 5, 7));
    let code = |code: &str, level: &str, from, to| Code {
        level: Some(level.to_owned()),
        valid_from: from,
        valid_to: to,
        ..Code::plain(code, 1)
    };
    let codes = vec![
        code("Northern", "room", None, turn),
        code("Southern", "wing", None, None),
        code("Rad", "wing", None, None),
        code("Red", "room", None, None),
        code("Later", "room", Some(date(2030, 1, 1)), None),
        code("Redx", "wing", None, None),
    ];
    let mut list = CodeList::new(Name::new("rooms").expect("a name"), codes);
    list.correspondence.successors = [("Old one".to_owned(), vec![4])].into();
    let codes = Codes {
        as_of: Some(0),
        level: Some("room".to_owned()),
        repair: Repair::Correct,
        guess: vec![Cause::OneEdit, Cause::Case, Cause::Retired],
        ..Codes::of(0)
    };
    for (text, cleaned) in [
        ("northern", None),
        ("SOUTHERN", None),
        ("Old one", None),
        ("Rod", Some("Red")),
        // The wing in other letters, and no misspelt room.
        ("REDX", None),
    ] {
        assert_eq!(told(&list, &codes, text).2.as_deref(), cleaned, "{text}");
    }
}

#[test]
fn how_sure_an_alias_is_counts_after_the_day_has_told_which_code_it_means() {
    let code = |code: &str, from, to| Code {
        valid_from: from,
        valid_to: to,
        ..Code::plain(code, 1)
    };
    let codes = vec![
        code("Alpha", None, Some(date(2005, 1, 1))),
        code("Charlie", Some(date(2010, 1, 1)), None),
    ];
    let mut list = CodeList::new(Name::new("names").expect("a name"), codes);
    let alias = |code, confidence| Entry {
        code,
        alias: Some(Alias {
            cause: None,
            confidence,
        }),
    };
    let both = vec![
        alias(0, Confidence::Verified),
        alias(1, Confidence::Inferred),
    ];
    list.lookup.insert("x".to_owned(), both);
    let codes = Codes {
        as_of: Some(0),
        map_aliases: true,
        min_confidence: Confidence::Verified,
        repair: Repair::Correct,
        ..Codes::of(0)
    };
    let coder = Coder::new(Arc::new(list), &codes);
    let fault = coder
        .explain("x", days(date(2015, 1, 1)))
        .expect("not sure");
    assert_eq!((fault.cause, fault.cleaned), ("low_confidence", None));
    assert_eq!(coder.explain("x", days(date(2001, 1, 1))), None);
    assert_eq!(coder.explain("x", None), None);
    // Between the two it is the one of the past.
    let fault = coder
        .explain("x", days(date(2007, 1, 1)))
        .expect("in force no more");
    assert_eq!(
        (fault.cause, fault.cleaned.as_deref()),
        ("retired", Some("Alpha"))
    );
}

#[test]
fn suggestions_are_worked_out_once_for_each_distinct_text() {
    let codes = Codes::of(0);
    let coder = Coder::new(Arc::new(named(&["North", "South"])), &codes);
    let workers = [coder.clone(), coder.clone()];
    for _ in 0..1_000 {
        for worker in &workers {
            for text in ["Nort", "Soth", "East"] {
                worker.explain(text, None).expect("no code");
            }
        }
    }
    assert_eq!(coder.suggester.worked_out(), 3);
}

#[test]
fn suggests_only_what_is_clearly_nearest() {
    for (text, want) in [
        ("Sout", "South"),
        ("north", "North"),
        ("Nouth", "North or South"),
        ("x", ""),
    ] {
        assert_eq!(told(&list(), &Codes::of(0), text).1, want, "{text}");
    }
}

#[test]
fn what_shares_nothing_with_a_short_text_is_not_suggested() {
    for (code, text, want) in [
        ("1", "😀", ""),
        ("1", "2", ""),
        ("1", "12", ""),
        ("NK", "N", ""),
        ("NK", "XK", ""),
        ("y", "Y", "y"),
        ("NK", "nk", "NK"),
        ("NK", "N/K", "NK"),
        ("Yes", "Yse", "Yes"),
        ("Yes", "Noo", ""),
    ] {
        let (_, suggested, _) = told(&named(&[code]), &Codes::of(0), text);
        assert_eq!(suggested, want, "{text} for {code}");
    }
}
