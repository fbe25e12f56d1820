//! Reading and writing JSON: the generated models against structs with the same properties whose reading and writing
//! serde derives, against [`serde_json::Value`], and against the fastest parser that fills such structs, as the limit.
//!
//! The derived structs have it easier: they forget what they do not know (annotations, unknown properties and members
//! of enumerations), nulls, and how dates were written. So what they write is a tenth shorter, and writing is measured by
//! the text that each has written.

mod payload;

#[allow(missing_docs, clippy::all, reason = "written by the build script")]
mod rival {
    include!(concat!(env!("OUT_DIR"), "/rivals.rs"));
}

use std::any::Any;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use msgraph::models;
use msgraph::runtime::{Model, Page, json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::memory::{Allocated, allocated};

/// How much to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each contestant has its turn.
    pub rounds: u32,
    /// How long a turn is at least.
    pub turn: Duration,
}

/// About how long the payloads are, in bytes.
const SIZES: [usize; 3] = [10_000, 1_000_000, 50_000_000];

/// What one pass costs: the shortest time for a text of this length, and allocations.
#[derive(Clone, Copy, Debug)]
struct Cost {
    time: Duration,
    bytes: usize,
    allocated: Allocated,
}

/// A row of the result: the models, the derived structs, the tree, the limit.
#[derive(Clone, Debug)]
pub struct Row {
    what: &'static str,
    direction: &'static str,
    bytes: usize,
    costs: [Cost; 4],
}

/// The names of a row's cells.
pub const HEADINGS: &str = "payload | size | direction | models, MB/s | derive | Value | limit | models : derive \
    | models : Value | allocations: models | derive | Value | limit";

/// Measures one kind of payload at a size.
type Measure = fn(usize, Plan, &mut Show<'_>) -> Result<()>;

/// Takes a row as soon as it is known.
type Show<'a> = dyn FnMut(Row) -> Result<()> + 'a;

const KINDS: [Measure; 5] = [
    |bytes, plan, show| measure::<models::User, rival::User>("users", "user", bytes, plan, show),
    |bytes, plan, show| measure::<models::Message, rival::Message>("messages", "message", bytes, plan, show),
    |bytes, plan, show| measure::<models::Event, rival::Event>("events", "event", bytes, plan, show),
    |bytes, plan, show| {
        measure::<models::DriveItem, rival::DriveItem>("drive items", "driveItem", bytes, plan, show)
    },
    |bytes, plan, show| {
        measure::<models::ManagedDevice, rival::ManagedDevice>(
            "managed devices",
            "managedDevice",
            bytes,
            plan,
            show,
        )
    },
];

/// How many payloads there are: each kind at each size, the small ones first.
pub const PAYLOADS: usize = KINDS.len() * SIZES.len();

/// Measures one payload, and hands out each row as soon as it is known. Each wants a process of its own: in the holes that
/// the values of another one have left, those that are read first would lie worse than the others.
///
/// # Errors
/// If there is no such payload, it does not decode, or the models do not write what they have read.
pub fn run(plan: Plan, payload: usize, mut show: impl FnMut(Row) -> Result<()>) -> Result<()> {
    let size = SIZES.get(payload / KINDS.len());
    let size = size.with_context(|| format!("there are {PAYLOADS} payloads, from 0 on"))?;
    KINDS[payload % KINDS.len()](*size, plan, &mut show)
}

fn measure<M, R>(
    what: &'static str,
    ty: &'static str,
    bytes: usize,
    plan: Plan,
    show: &mut Show<'_>,
) -> Result<()>
where
    M: Model,
    R: DeserializeOwned + Serialize + 'static,
{
    let json = payload::page::<R>(ty, bytes)?;
    let (json, bytes) = (&json[..], json.len());
    let read: [Pass<'_>; 4] = [
        &|| boxed(json::from_slice::<Page<M>>(json)?),
        &|| boxed(serde_json::from_slice::<Derived<R>>(json)?),
        &|| boxed(serde_json::from_slice::<Value>(json)?),
        &|| boxed(sonic_rs::from_slice::<Derived<R>>(json)?),
    ];
    show(Row { what, direction: "read", bytes, costs: turns(plan, bytes, read)? })?;
    let models = json::from_slice::<Page<M>>(json)?;
    let derived = serde_json::from_slice::<Derived<R>>(json)?;
    let tree = serde_json::from_slice::<Value>(json)?;
    let written: Value = serde_json::from_slice(&json::to_vec(&models))?;
    ensure!(written == tree, "the models do not write the {what} that they have read");
    drop(written);
    let write: [Pass<'_>; 4] = [
        &|| boxed(json::to_vec(&models)),
        &|| boxed(serde_json::to_vec(&derived)?),
        &|| boxed(serde_json::to_vec(&tree)?),
        &|| boxed(sonic_rs::to_vec(&derived)?),
    ];
    show(Row { what, direction: "write", bytes, costs: turns(plan, bytes, write)? })
}

/// A page as somebody derives it.
#[derive(serde::Deserialize, serde::Serialize)]
struct Derived<T> {
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
    value: Vec<T>,
}

/// What makes a value, which is freed outside of the time that is measured.
type Pass<'a> = &'a dyn Fn() -> Result<Box<dyn Any>>;

fn boxed(value: impl Any) -> Result<Box<dyn Any>> {
    Ok(Box::new(value))
}

/// The least cost of each, in rounds that take turns. Those that read do it from a text of `bytes` bytes.
fn turns(plan: Plan, bytes: usize, passes: [Pass<'_>; 4]) -> Result<[Cost; 4]> {
    let mut least = [Cost { time: Duration::MAX, bytes, allocated: Allocated::default() }; 4];
    for pass in passes {
        // The first one asks the system for the memory that the others find, and counts for nothing.
        drop(pass()?);
    }
    for _ in 0..plan.rounds {
        for (pass, least) in passes.into_iter().zip(&mut least) {
            let turn = Instant::now();
            while turn.elapsed() < plan.turn {
                let (before, began) = (allocated(), Instant::now());
                let value = pass()?;
                let time = began.elapsed();
                least.allocated = allocated().since(before);
                least.time = least.time.min(time);
                least.bytes = value.downcast_ref::<Vec<u8>>().map_or(bytes, Vec::len);
                drop(value);
            }
        }
    }
    Ok(least)
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, direction, bytes, costs } = self;
        let size = match bytes {
            ..1_000_000 => format!("{} kB", bytes / 1_000),
            _ => format!("{} MB", bytes / 1_000_000),
        };
        let speed = |cost: Cost| cost.bytes as f64 / 1e6 / cost.time.as_secs_f64();
        let speeds = costs.map(|cost| format!("{:.0}", speed(cost)));
        let times = costs.map(|cost| cost.allocated.times.to_string());
        let ratio = |other: usize| speed(costs[0]) / speed(costs[other]);
        write!(
            f,
            "{what} | {size} | {direction} | {} | {:.2} | {:.2} | {}",
            speeds.join(" | "),
            ratio(1),
            ratio(2),
            times.join(" | ")
        )
    }
}
