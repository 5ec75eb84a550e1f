//! No file has the marks of a merge's conflict, even where a formatter has joined their lines with
//! others.

use crate::source::File;

/// The characters of which a mark has seven.
const MARKS: [&str; 4] = ["<", "|", "=", ">"];

pub(crate) fn violations(file: &File) -> Vec<String> {
    let is_mark = |word: &str| MARKS.iter().any(|mark| word == mark.repeat(7));
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| line.split_whitespace().any(is_mark))
        .map(|(number, _)| format!("line {}: the mark of a merge's conflict", number + 1))
        .collect()
}

#[test]
fn a_mark_is_found_anywhere_in_a_line() {
    for mark in MARKS.map(|mark| mark.repeat(7)) {
        for line in [
            mark.clone(),
            format!("{mark} HEAD"),
            format!("at once. {mark} * An upstream"),
        ] {
            let found = violations(&File::new("a.md", &format!("a\n{line}\nb\n")));
            assert_eq!(found, ["line 2: the mark of a merge's conflict"], "{line}");
        }
        let longer = violations(&File::new("a.md", &format!("a{mark} {mark}b")));
        assert!(longer.is_empty(), "{longer:?}");
    }
}
