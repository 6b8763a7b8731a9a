//! Times the core, row by row, for `benchmarks/run.py`; never runs inside a product.
//!
//! `serve CORPUS` reads `ROW MILLISECONDS` per line and answers each with one JSON line;
//! `once ROW PASSES CORPUS` runs passes without looking at time, for instruction counts.

mod clocks;
mod corpus;
mod fused;
mod market;
mod rings;
mod row;
mod timing;

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use corpus::Corpus;
use row::Row;

/// Passes before the first timed block, so that memory and branches are warm.
const WARM_PASSES: usize = 1;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["serve", corpus] => serve(Path::new(corpus)),
        ["once", row, passes, corpus] => once(row, passes, Path::new(corpus)),
        _ => Err("usage: tickwork-bench serve CORPUS | once ROW PASSES CORPUS".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
    }
}

fn make(name: &str, corpus: &Corpus) -> Result<Box<dyn Row>, String> {
    market::make(name, corpus)
        .or_else(|| fused::make(name, corpus))
        .or_else(|| clocks::make(name))
        .or_else(|| rings::make(name))
        .ok_or_else(|| format!("timing the row {name:?}: there is none of that name"))
}

fn once(name: &str, passes: &str, path: &Path) -> Result<(), String> {
    let passes: usize = passes
        .parse()
        .map_err(|_| format!("reading the number of passes: {passes:?} is none"))?;
    let corpus = Corpus::read(path)?;
    let mut row = make(name, &corpus)?;
    let counted: u64 = (0..passes).map(|_| row.pass().count).sum();
    println!("{{\"row\":\"{name}\",\"count\":{counted}}}");
    Ok(())
}

fn serve(path: &Path) -> Result<(), String> {
    let corpus = Corpus::read(path)?;
    let mut rows: Vec<(String, Box<dyn Row>)> = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("reading what to time: {error}"))?;
        let mut words = line.split_whitespace();
        let (Some(name), Some(milliseconds)) = (words.next(), words.next()) else {
            continue;
        };
        let milliseconds: u64 = milliseconds
            .parse()
            .map_err(|_| format!("reading the length of a block: {milliseconds:?}"))?;
        if !rows.iter().any(|(known, _)| known == name) {
            let mut row = make(name, &corpus)?;
            for _ in 0..WARM_PASSES {
                row.pass();
            }
            rows.push((name.to_owned(), row));
        }
        let found = rows.iter_mut().find(|(known, _)| known == name);
        let Some((_, row)) = found else { continue };
        let answer = time(name, row.as_mut(), milliseconds * 1_000_000);
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .map_err(|error| format!("telling a figure: {error}"))?;
    }
    Ok(())
}

/// Passes until the block is long enough, as one JSON object.
fn time(name: &str, row: &mut dyn Row, block_ns: u64) -> String {
    let mut sum = row.pass();
    while sum.wall_ns < block_ns {
        sum.add(&row.pass());
    }
    let debug = cfg!(debug_assertions);
    let (count, wall_ns, cpu_ns) = (sum.count, sum.wall_ns, sum.cpu_ns);
    format!(
        "{{\"row\":\"{name}\",\"count\":{count},\"ns\":{wall_ns},\"cpuNs\":{cpu_ns},\
         \"debug\":{debug}}}"
    )
}
