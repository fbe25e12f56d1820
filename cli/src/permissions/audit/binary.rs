//! The operations that a finished program can call, out of its bytes.
//!
//! An operation is one text, `op:METHOD template;query options;permissions;clouds;`, in the method that calls it, and a
//! linker keeps it exactly if it keeps the method. So neither the format of the file matters nor its symbols. Other
//! texts lie close before and behind it; its beginning and its four semicolons are enough to cut it out.

use std::collections::BTreeMap;

use memchr::memmem;
use msgraph_runtime::Operation;

/// No operation is as long.
const LONGEST: usize = 64 << 10;

/// The operations in a program's bytes, sorted by method and path.
pub fn operations(bytes: &[u8]) -> Vec<Operation> {
    let found = memmem::find_iter(bytes, "op:").filter_map(|start| literal(&bytes[start..]));
    let by_name: BTreeMap<_, _> = found
        // The command ends when it has answered, and operations live as long as a program.
        .map(|text| Operation(String::leak(text.to_owned())))
        .map(|operation| (operation.to_string(), operation))
        .collect();
    by_name.into_values().collect()
}

/// The literal at the beginning of the bytes, if there is one.
fn literal(bytes: &[u8]) -> Option<&str> {
    let (last, _) = memchr::memchr_iter(b';', &bytes[..bytes.len().min(LONGEST)])
        .enumerate()
        .nth(3)
        .map(|(_, at)| (at, ()))?;
    let text = std::str::from_utf8(&bytes[..=last]).ok()?;
    let mut fields = text.split(';');
    let (method, template) = fields.next()?.strip_prefix("op:")?.split_once(' ')?;
    let is_method = matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE");
    let is_template = template.starts_with('/') && !template.contains(|c: char| c.is_control() || c == ' ');
    (is_method && is_template && !text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Vec<String> {
        operations(bytes).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn operations_are_cut_out_of_what_lies_around_them() {
        let bytes =
            b"\x7fELF\0stop:op:GET /users;select top;application=User.Read.All;;usersop:POST /me/sendMail;;\
            work=Mail.Send;china;op:GET /x;;;;\xff\xfe";
        assert_eq!(names(bytes), ["GET /users", "GET /x", "POST /me/sendMail"]);
        let list = operations(bytes).into_iter().find(|one| one.template() == "/users").expect("it is there");
        let permissions = list.permissions();
        assert_eq!(permissions.application().least().map(|least| least.permission()), Some("User.Read.All"));
        assert_eq!(permissions.application().len(), 1);
    }

    #[test]
    fn what_only_looks_like_an_operation_is_none() {
        for bytes in [
            &b"op:GET users;;;;"[..],
            b"op:BREW /coffee;;;;",
            b"op:GET /users;;;",
            b"op:GET /us\0ers;;;;",
            b"op:GET /users and more;;;;",
            b"op:GET",
            b"op:",
            b"",
        ] {
            assert!(names(bytes).is_empty(), "{}", bytes.escape_ascii());
        }
    }
}
