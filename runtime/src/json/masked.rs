//! JSON for people: on one line, and without the secrets in it.

use super::{ReadError, Reader, Writer};

/// What stands for a secret.
const MASK: &str = "\"***\"";

/// A JSON text in which values whose names say that they are secrets are masked, at every level.
pub(crate) fn masked(json: &[u8]) -> String {
    let mut writer = Writer::new();
    let text = String::from_utf8_lossy(json);
    match show(&mut Reader::trusting(&text), &mut writer) {
        Ok(()) => String::from_utf8_lossy(&writer.into_bytes()).into_owned(),
        Err(_) => MASK.to_owned(),
    }
}

fn show(reader: &mut Reader<'_>, writer: &mut Writer) -> Result<(), ReadError> {
    let mut first = true;
    match reader.peek() {
        Some(b'{') => {
            reader.enter_object("an object")?;
            writer.begin_object();
            while let Some(name) = reader.next_name(&mut first)? {
                writer.name(&name);
                // What is on or off, or not there, tells nothing.
                if is_secret(&name) && !matches!(reader.peek(), Some(b'n' | b't' | b'f')) {
                    reader.skip()?;
                    writer.raw(MASK);
                } else {
                    show(reader, writer)?;
                }
            }
            writer.end_object();
        }
        Some(b'[') => {
            reader.enter_array("an array")?;
            writer.begin_array();
            while reader.next_element(first)? {
                writer.element(first);
                first = false;
                show(reader, writer)?;
            }
            writer.end_array();
        }
        _ => writer.raw(reader.raw()?),
    }
    Ok(())
}

/// Whether a property's name says that its value gives access to something.
fn is_secret(name: &str) -> bool {
    const ENDINGS: [&str; 8] =
        ["password", "secret", "secrettext", "token", "privatekey", "sharedkey", "downloadurl", "uploadurl"];
    let name = name.as_bytes();
    ENDINGS.iter().any(|ending| {
        let start = name.len().checked_sub(ending.len());
        start.is_some_and(|start| name[start..].eq_ignore_ascii_case(ending.as_bytes()))
    })
}
