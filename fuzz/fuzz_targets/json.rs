//! JSON from anywhere is refused or read, and what was read is written so that it is read as the same. Every text is
//! tried as each of a few types, which have all that models have: base and derived values, complex values inside one
//! another, enumerations and sets of them, every primitive type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use msgraph::models::{DirectoryObject, DriveItem, Event, ManagedDevice, Message, User};
use msgraph::runtime::{Model, json};

fuzz_target!(|text: &[u8]| {
    round_trip::<User>(text);
    round_trip::<DirectoryObject>(text);
    round_trip::<Message>(text);
    round_trip::<Event>(text);
    round_trip::<DriveItem>(text);
    round_trip::<ManagedDevice>(text);
});

fn round_trip<M: Model>(text: &[u8]) {
    let Ok(model) = json::from_slice::<M>(text) else {
        assert!(json::from_slice_strict::<M>(text).is_err(), "strictness refuses more, never less");
        return;
    };
    let written = json::to_vec(&model);
    let again = json::from_slice::<M>(&written).expect("what is written can be read");
    assert_eq!(written, json::to_vec(&again));
}
