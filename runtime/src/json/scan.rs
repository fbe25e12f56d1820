//! Finds the end of what needs no attention in a string; reading and writing ask for the same characters.

/// The first position from `from` on of a quotation mark, a backslash or a control character, or the end.
///
/// Blocks without such a character are passed over as a whole, the rest is looked at eight bytes at a time: a byte of a
/// word `x` is zero where `(x - ONES) & !x` has its high bit, and the first such bit is exact, which is all that is
/// asked for.
#[inline]
pub(super) fn plain_until(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        if !is_plain(block) {
            break;
        }
        at += BLOCK;
    }
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let special = special(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    // The rest is shorter than a word: it is read as the end of the last word, if there is one.
    let rest = bytes.len().saturating_sub(at);
    match bytes.last_chunk::<8>() {
        Some(chunk) if rest > 0 => {
            // What came before is shifted out first; zeros that are shifted in count as control characters.
            let word = u64::from_le_bytes(*chunk) >> (8 * (8 - rest));
            at + (special(word).trailing_zeros() / 8) as usize
        }
        _ => bytes[at.min(bytes.len())..]
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
            .map_or(bytes.len(), |position| at + position),
    }
}

/// As many bytes as a few vector registers hold.
const BLOCK: usize = 32;

/// Whether no byte needs attention. It looks at all of them, whatever it finds, which the compiler makes vector
/// instructions of.
#[inline]
fn is_plain(block: &[u8; BLOCK]) -> bool {
    !block.iter().fold(false, |found, byte| found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\'))
}

/// The high bits of those bytes that need attention; bits above the first one may be wrong.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash) | control) & HIGH
}
