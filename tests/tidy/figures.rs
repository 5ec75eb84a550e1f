//! The figures that `docs/costs-and-speed.md` quotes are those of the report.

/// The header of the page's table of figures.
const HEADING: &str = "| what | Reelay | for comparison |";
/// The fewest rows of that table.
const LEAST: usize = 5;

/// Figures of the page that are not in the report, and whether the page has too few rows.
pub(crate) fn violations(page: &str, report: &str) -> Vec<String> {
    let rows = page
        .lines()
        .skip_while(|line| *line != HEADING)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let rows: Vec<&str> = rows.collect();
    let quoted = rows
        .iter()
        .flat_map(|row| row.split('|').skip(2))
        .flat_map(str::split_whitespace);
    let figures = quoted
        .map(|word| word.trim_end_matches([',', ';', ':', '.']))
        .filter(|word| is_figure(word));
    let strange = figures
        .filter(|figure| !report.contains(figure))
        .map(|figure| format!("{figure} is not in the report"));
    let few =
        (rows.len() < LEAST).then(|| format!("{} rows of figures, {LEAST} at least", rows.len()));
    strange.chain(few).collect()
}

fn is_figure(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

#[test]
fn a_figure_that_is_not_in_the_report_and_too_few_of_them_are_found() {
    let page = |row: &str, count: usize| {
        format!(
            "before\n{HEADING}\n|---|---|---|\n{}\nafter",
            vec![row; count].join("\n")
        )
    };
    let report = "| accept | 4.1 (3.9–4.4) | 4.50 × |";
    let row = "| an order of 8 s | 4.1 (3.9–4.4) ms | 4.50 ×, the floor's |";
    assert!(violations(&page(row, LEAST), report).is_empty());
    assert_eq!(violations(&page(row, LEAST - 1), report).len(), 1);
    assert_eq!(violations("", report).len(), 1);
    let other = "| an order of 8 s | 4.2 (3.9–4.4) ms | none |";
    assert_eq!(
        violations(&page(other, LEAST), report)[0],
        "4.2 is not in the report"
    );
}
