//! JSON from anywhere is refused or read, and what was read is written so that it is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use msgraph::models::User;
use msgraph::runtime::json;

fuzz_target!(|text: &[u8]| {
    let Ok(user) = json::from_slice::<User>(text) else { return };
    let written = json::to_vec(&user);
    let again = json::from_slice::<User>(&written).expect("what is written can be read");
    assert_eq!(written, json::to_vec(&again));
});
