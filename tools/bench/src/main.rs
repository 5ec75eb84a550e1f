//! Measures the cost and the speed of Reelay, compared with the alternatives.
//!
//! ```text
//! npm run bench                        everything, written to docs/BENCHMARKS.md
//! npm run bench -- accept cost         only these, without writing the report
//! npm run bench -- --quick job         once instead of five times, to see what a change does
//! ```
//!
//! Everything runs on real workerd with the local upstream, on this machine. Values that are
//! compared are measured in the same run. The report has the median of the runs, with the lowest
//! and the highest.

#![expect(clippy::cast_precision_loss, reason = "every count is far below 2^52")]

mod clock;
mod line;
mod load;
mod machine;
mod measure;
mod prices;
mod progress;
mod reelay;
mod report;
mod statistics;
mod upstream;
mod worker;
mod workflow;

use report::Section;
use std::fs;
use std::process::ExitCode;

/// Every measurement, in the order of the report.
const NAMES: [&str; 13] = [
    "accept",
    "job",
    "dispatch",
    "finish",
    "burst",
    "video",
    "start-up",
    "cost",
    "rows",
    "waiting",
    "readers",
    "capacity",
    "sustained",
];
/// Takes each measurement once.
const QUICK: &str = "--quick";
/// The report's file.
const REPORT: &str = "docs/BENCHMARKS.md";

#[tokio::main]
async fn main() -> ExitCode {
    let began = clock::now();
    let (options, wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word == QUICK);
    if !options.is_empty() {
        measure::be_quick();
    }
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(&name.as_str())) {
        progress::tell(&format!(
            "There is no measurement {unknown}; there are {}, and the option {QUICK}.",
            NAMES.join(", ")
        ));
        return ExitCode::FAILURE;
    }
    fs::create_dir_all(worker::home()).expect("the benchmarks' folder can be made");
    let mut sections = Vec::new();
    for name in NAMES {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            progress::tell(&format!("• {name}"));
            let began = clock::now();
            let section = measure(name).await;
            progress::tell(&section.plain());
            progress::tell(&format!("✓ {name}: {:.0} s", began.elapsed().as_secs_f64()));
            sections.push(section);
        }
    }
    if wanted.is_empty() && options.is_empty() {
        let minutes = began.elapsed().as_secs_f64() / 60.0;
        fs::write(worker::root().join(REPORT), document(&sections, minutes))
            .expect("the report can be written");
        progress::tell(&format!("Written to {REPORT}."));
    }
    ExitCode::SUCCESS
}

async fn measure(name: &str) -> Section {
    match name {
        "accept" => measure::accept::measure().await,
        "job" => measure::job::measure().await,
        "dispatch" => measure::dispatch::measure().await,
        "finish" => measure::finish::measure().await,
        "burst" => measure::burst::measure().await,
        "video" => measure::video::measure().await,
        "start-up" => measure::start_up::measure().await,
        "cost" => measure::cost::measure().await,
        "rows" => measure::rows::measure().await,
        "waiting" => measure::waiting::measure().await,
        "readers" => measure::readers::measure().await,
        "capacity" => measure::capacity::measure().await,
        "sustained" => measure::sustained::measure().await,
        _ => unreachable!("the names are known"),
    }
}

fn document(sections: &[Section], minutes: f64) -> String {
    let parts: Vec<String> = sections.iter().map(Section::markdown).collect();
    format!(
        "# Benchmarks\n\n\
         Written by `npm run bench`, which took {minutes:.0} minutes. {} \
         Everything runs on the same cores of one machine: the worker on workerd without a \
         proxy, the local upstream, and the clients. So times are those of the worker and the \
         local runtime, without a network. The runtime replaces Cloudflare's R2, queues, alarms \
         and Workflows. Its tracer, which `wrangler dev` turns on and which records every SQL \
         statement, is off in everything that is measured. State is in memory (below `{}`), except where a row says otherwise. Figures are \
         the median of {} runs, with the lowest and the highest in parentheses. Ratios are taken \
         within each run. Counts are from one run. The peers are in `tools/bench/peers`. They \
         are served in the same way, with the same upstream, and with their state in the same \
         place.\n\n{}",
        machine::describe(),
        worker::home().parent().unwrap_or(&worker::home()).display(),
        measure::runs(),
        parts.join("\n")
    )
}
