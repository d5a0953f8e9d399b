//! What was measured, and whether it is good enough.

use std::process::ExitCode;

/// The rows so far.
#[derive(Default)]
pub struct Table {
    rows: Vec<(String, String)>,
    missed: Vec<String>,
}

impl Table {
    /// Something measured, without a gate.
    pub fn note(&mut self, what: impl Into<String>, value: impl Into<String>) {
        let (what, value) = (what.into(), value.into());
        println!("{what:<58} {value}");
        self.rows.push((what, value));
    }

    /// Something that must be at least so much.
    pub fn at_least(&mut self, what: &str, value: f64, bar: f64) {
        self.gate(what, value, "≥", bar, value >= bar);
    }

    /// Something that must be at most so much.
    pub fn at_most(&mut self, what: &str, value: f64, bar: f64) {
        self.gate(what, value, "≤", bar, value <= bar);
    }

    fn gate(&mut self, what: &str, value: f64, sign: &str, bar: f64, met: bool) {
        let verdict = if met { "met" } else { "MISSED" };
        self.note(what, format!("{value:.2} (bar {sign} {bar}) {verdict}"));
        if !met {
            self.missed.push(what.to_owned());
        }
    }

    /// Everything once more, in one piece.
    pub fn print(&self) {
        println!("\n| measured | value |\n| --- | --- |");
        for (what, value) in &self.rows {
            println!("| {what} | {value} |");
        }
    }

    /// Success where every gate was met.
    pub fn verdict(&self) -> ExitCode {
        if self.missed.is_empty() {
            return ExitCode::SUCCESS;
        }
        println!("\nmissed: {}", self.missed.join("; "));
        ExitCode::FAILURE
    }
}
