//! The figures that the pages quote from the report are in it.

/// The headers of the tables of figures.
const HEADINGS: [&str; 2] = [
    "| what | Reelay | for comparison |",
    "| what | kept up with |",
];
/// The fewest rows of such a table.
const LEAST: usize = 4;

/// Figures of the page's table that are not in the report, and whether it has too few rows.
pub(crate) fn strange_in_table(page: &str, report: &str) -> Vec<String> {
    let rows = page
        .lines()
        .skip_while(|line| !HEADINGS.contains(line))
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

/// Times, sizes and bills of a page that look like those of the report and are not in it: `4.1 ms`,
/// `2.38 s`, `689.57 KiB`, `$0.1547`.
pub(crate) fn strange_in_text(page: &str, report: &str) -> Vec<String> {
    let words: Vec<&str> = page.split_whitespace().collect();
    let trimmed = |word: &&str| word.trim_matches(['(', ')', ',', ';', ':', '*']).to_owned();
    let decimals = |word: &str| word.split_once('.').map_or(0, |(_, places)| places.len());
    let with_unit = words.windows(2).filter(|pair| {
        let unit = pair[1].trim_end_matches([',', '.', ';', ':']);
        matches!(unit, "ms" | "s" | "KiB") && decimals(pair[0]) > 0
    });
    let money = words.iter().filter(|word| {
        let text = word
            .trim_start_matches('(')
            .trim_end_matches(['.', ',', ';', ':', ')']);
        text.starts_with("$0.") && decimals(text) == 4
    });
    let all = with_unit
        .map(|pair| trimmed(&pair[0]))
        .chain(money.map(|word| trimmed(word).trim_end_matches('.').to_owned()));
    all.filter(|figure| !report.contains(figure.as_str()))
        .map(|figure| format!("{figure} is not in the report"))
        .collect()
}

#[test]
fn a_figure_of_a_sentence_that_is_not_in_the_report_is_found() {
    let report = "| 4.1 (3.9–4.4) | $0.1547 | 2.38 s |";
    let right = "After 4.1 ms, or **2.38 s**; it costs $0.1547. A render takes 12 s and $0.40.";
    assert!(
        strange_in_text(right, report).is_empty(),
        "{:?}",
        strange_in_text(right, report)
    );
    let wrong = "After 4.2 ms, or 2.39 s, for ($0.1548).";
    assert_eq!(
        strange_in_text(wrong, report).len(),
        3,
        "{:?}",
        strange_in_text(wrong, report)
    );
}

fn is_figure(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

#[test]
fn a_figure_that_is_not_in_the_report_and_too_few_of_them_are_found() {
    let page = |row: &str, count: usize| {
        format!(
            "before\n{}\n|---|---|---|\n{}\nafter",
            HEADINGS[0],
            vec![row; count].join("\n")
        )
    };
    let report = "| accept | 4.1 (3.9–4.4) | 4.50 × |";
    let row = "| an order of 8 s | 4.1 (3.9–4.4) ms | 4.50 ×, the floor's |";
    assert!(strange_in_table(&page(row, LEAST), report).is_empty());
    assert_eq!(strange_in_table(&page(row, LEAST - 1), report).len(), 1);
    assert_eq!(strange_in_table("", report).len(), 1);
    let other = "| an order of 8 s | 4.2 (3.9–4.4) ms | none |";
    assert_eq!(
        strange_in_table(&page(other, LEAST), report)[0],
        "4.2 is not in the report"
    );
}
