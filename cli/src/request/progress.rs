//! How far a long transfer is. Bars are on standard error, and only if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often a bar is drawn anew while nothing arrives.
const TICK: Duration = Duration::from_millis(100);

/// A bar whose length is known.
const MEASURED: &str = "{msg} {bytes} of {total_bytes} {wide_bar} {percent}% {bytes_per_sec}";

/// A bar of bytes, of which there may be a known number.
pub fn bytes(verb: &'static str, total: Option<u64>) -> ProgressBar {
    match total {
        Some(total) => show(ProgressBar::new(total), MEASURED, verb),
        None => show(ProgressBar::no_length(), "{msg} {bytes} {spinner} {bytes_per_sec}", verb),
    }
}

/// Gives a bar of bytes its length, once that is known.
pub fn measure(bar: &ProgressBar, total: u64) {
    bar.set_length(total);
    bar.set_style(style(MEASURED));
}

/// A count of items.
pub fn items() -> ProgressBar {
    show(ProgressBar::no_length(), "{msg} {human_pos} items {spinner}", "received")
}

fn show(bar: ProgressBar, template: &str, verb: &'static str) -> ProgressBar {
    let bar = bar.with_style(style(template)).with_message(verb);
    bar.enable_steady_tick(TICK);
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
