//! The operations that a finished program can call, out of its bytes.
//!
//! An operation is one text, `op:METHOD template;query options;permissions;clouds;`, in the method that calls it, and a
//! linker keeps it exactly if it keeps the method. So neither the format of the file matters nor its symbols. Other
//! texts lie close before and behind it; its beginning and its four semicolons are enough to cut it out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use memchr::memmem;
use msgraph_runtime::Operation;

/// No operation is as long.
const LONGEST: usize = 64 << 10;

/// How much of a program is looked through at once.
const PIECE: usize = 4 << 20;

/// The operations in a program, sorted by method and path. It is read in pieces, so that its length does not matter.
pub fn operations(mut program: impl Read) -> io::Result<Vec<Operation>> {
    let mut texts = BTreeSet::new();
    let mut bytes = Vec::with_capacity(PIECE + LONGEST);
    loop {
        let wanted = PIECE + LONGEST - bytes.len();
        let is_end = program.by_ref().take(wanted as u64).read_to_end(&mut bytes)? < wanted;
        // What begins later may not be there as a whole: it comes once more, with the next piece.
        let end = if is_end { bytes.len() } else { PIECE };
        let starts = memmem::find_iter(&bytes, "op:").take_while(|start| *start < end);
        texts.extend(starts.filter_map(|start| literal(&bytes[start..])).map(str::to_owned));
        if is_end {
            break;
        }
        bytes.drain(..PIECE);
    }
    let by_name: BTreeMap<_, _> = texts
        .into_iter()
        // The command ends when it has answered, and operations live as long as a program.
        .map(|text| Operation(String::leak(text)))
        .map(|operation| (operation.to_string(), operation))
        .collect();
    Ok(by_name.into_values().collect())
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
        operations(bytes).expect("read").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn operations_are_cut_out_of_what_lies_around_them() {
        let bytes =
            b"\x7fELF\0stop:op:GET /users;select top;application=User.Read.All;;usersop:POST /me/sendMail;;\
            work=Mail.Send;china;op:GET /x;;;;\xff\xfe";
        assert_eq!(names(bytes), ["GET /users", "GET /x", "POST /me/sendMail"]);
        let list = operations(&bytes[..])
            .expect("read")
            .into_iter()
            .find(|one| one.template() == "/users")
            .expect("it is there");
        let permissions = list.permissions();
        assert_eq!(permissions.application().least().map(|least| least.permission()), Some("User.Read.All"));
        assert_eq!(permissions.application().len(), 1);
    }

    #[test]
    fn an_operation_on_the_edge_of_a_piece_is_found_once() {
        for before in [PIECE - 30, PIECE - 1, PIECE, PIECE + LONGEST - 10, PIECE + LONGEST, 2 * PIECE - 5] {
            let program = io::repeat(b'.').take(before as u64).chain(&b"op:GET /users;;;;"[..]);
            let found = operations(program.chain(io::repeat(b'.').take(LONGEST as u64))).expect("read");
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["GET /users"], "{before}");
        }
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
