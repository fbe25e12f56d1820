//! Documents that nobody would write: ten thousand that are made from the fixtures by changes that a number decides,
//! and a few that are large, deep or made to grow. Each gives an error or a crate, the same every time, and soon.

#[allow(dead_code, reason = "it is there for all tests of fixtures")]
mod common;

use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use common::{Fixture, fixtures};
use msgraph_codegen::csdl;
use msgraph_codegen::emit::Files;
use msgraph_codegen::openapi;

/// So many mutated documents are tried.
const MUTATIONS: u64 = 10_000;

/// No document takes longer, also where other tests have the machine.
const MAX_TIME: Duration = Duration::from_secs(120);

/// No test takes more memory, in KiB.
const MAX_MEMORY: u64 = 2 * 1024 * 1024;

/// Words that mean something to one of the formats, or are too much for it.
const WORDS: [&str; 32] = [
    "",
    "-1",
    "0",
    "99999999999999999999",
    "1e999",
    "true",
    "null",
    "~",
    ".",
    "..",
    "/",
    "//",
    "$ref",
    "$count",
    "'#/components/schemas/",
    "allOf",
    "items",
    "properties",
    "enum",
    "&a ",
    "*a",
    "<<",
    "&amp;",
    "&lol;",
    "]]>",
    "<!--",
    "Collection(",
    "Edm.Stream",
    "Edm.Nothing",
    "{x}",
    "\u{0}",
    "\u{1F6AA}é",
];

/// Numbers that look random and are the same in every run ([SplitMix64](https://prng.di.unimi.it/splitmix64.c)).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).expect("it is below the bound")
    }
}

/// The words of a text and what stands between them; together they are the text.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |character: char| character.is_alphanumeric() || "_.$@#".contains(character);
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|character| is_word(character) != is_word(first)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// The text with one or two changes.
fn mutate(text: &str, seed: u64) -> String {
    let mut numbers = Numbers(seed);
    let deep = ["<a>", "[", "{a: ", "- ", "/a"].map(|part| part.repeat(2_000));
    let mut tokens = tokens(text);
    for _ in 0..=numbers.below(2) {
        let (at, other) = (numbers.below(tokens.len()), numbers.below(tokens.len()));
        let end = (at + 1 + numbers.below(40)).min(tokens.len());
        match numbers.below(8) {
            0 => drop(tokens.drain(at..end)),
            1 => tokens.swap(at, other),
            2 | 3 => tokens[at] = tokens[other],
            4 | 5 => tokens[at] = WORDS[numbers.below(WORDS.len())],
            6 => {
                let copy = tokens[at..end].to_vec();
                tokens.splice(other..other, copy);
            }
            _ if numbers.below(8) == 0 => tokens.truncate(at + 1),
            _ => tokens.insert(at, &deep[numbers.below(deep.len())]),
        }
        if tokens.is_empty() {
            break;
        }
    }
    tokens.concat()
}

/// What becomes of a document: its problems, or the files of its crate.
fn outcome(fixture: &Fixture) -> Result<Files, String> {
    fixture.emit("../runtime").map_err(|problems| problems.to_string())
}

#[test]
fn ten_thousand_mutated_documents_are_refused_or_generated_and_never_panic() {
    let originals = fixtures();
    let mut failed = Vec::new();
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..MUTATIONS {
        // Every other one is of OpenAPI, which has fewer fixtures.
        let is_openapi = |fixture: &&Fixture| fixture.file.ends_with(".yml") == (seed % 2 == 0);
        let candidates: Vec<_> = originals.iter().filter(is_openapi).collect();
        let original = candidates[usize::try_from(seed / 2).expect("it fits") % candidates.len()];
        let mutated = Fixture { text: mutate(&original.text, seed), ..original.clone() };
        let started = Instant::now();
        match panic::catch_unwind(AssertUnwindSafe(|| outcome(&mutated))) {
            Ok(Ok(_)) => accepted += 1,
            Ok(Err(_)) => refused += 1,
            Err(_) => failed.push((original.file.clone(), seed, "panicked")),
        }
        if started.elapsed() > MAX_TIME {
            failed.push((original.file.clone(), seed, "took too long"));
        }
    }
    assert!(failed.is_empty(), "{} documents: {:?}", failed.len(), &failed[..failed.len().min(20)]);
    assert!(accepted > 500 && refused > 500, "both ways are tried: {accepted} accepted, {refused} refused");
    memory_is_bounded();
}

#[test]
fn the_same_document_gives_the_same_outcome_every_time() {
    for (seed, fixture) in (0..).zip(fixtures()) {
        let mutated = Fixture { text: mutate(&fixture.text, seed), ..fixture.clone() };
        assert_eq!(outcome(&mutated), outcome(&mutated), "{} {seed}", fixture.name);
    }
}

#[test]
fn documents_that_are_large_or_deep_or_grow_are_refused_soon() {
    const LARGE: usize = 100_000_000;
    let repeat = |part: &str| part.repeat(LARGE / part.len());
    let laughs: String =
        (1..30).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};&l{0};&l{0};\">", n - 1)).collect();
    let laughs = format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]><a>&l29;</a>");
    let aliases: String = (1..40).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
    let documents = [
        laughs,
        format!("a0: &a0 [ha]\n{aliases}"),
        repeat("<a>"),
        repeat("<a b=\"c\"/>"),
        repeat("&lt;"),
        repeat("["),
        repeat("- "),
        repeat("{a: "),
        repeat("a: b\n"),
        repeat("\"a\","),
        repeat("? "),
        repeat("nonsense "),
        repeat("\u{0}\u{1}"),
    ];
    for text in documents {
        let started = Instant::now();
        let start: String = text.chars().take(20).collect();
        assert!(csdl::parse_xml("large.xml", &text).is_err(), "CSDL that begins with {start}");
        assert!(
            openapi::parse(&[("large.yml".to_owned(), text)]).is_err(),
            "OpenAPI that begins with {start}"
        );
        println!("{start:20} {:?}", started.elapsed());
        assert!(started.elapsed() < MAX_TIME, "{start} takes {:?}", started.elapsed());
    }
    memory_is_bounded();
}

/// Checks what the process has taken at most, where the system tells it.
fn memory_is_bounded() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.and_then(|peak| peak.parse().ok()).expect("Linux tells the peak in kB");
    println!("peak memory: {} MiB", peak / 1024);
    assert!(peak < MAX_MEMORY, "the peak is {peak} KiB");
}
