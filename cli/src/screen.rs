//! Standard output and standard error: the one way by which the command shows anything.
//!
//! What it shows comes from services, files and people, and a terminal obeys some of it: sequences set its title or the
//! clipboard, and invisible characters turn the direction of a text. On a terminal all of these are made visible, as the
//! escapes of JSON, so that JSON stays what it is; in a pipe everything stays as it came. The command's own colours are
//! marks ([`Ink`]) until they are behind that.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Stderr, StdoutLock, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// A colour of the command's own: `{INK}text{INK:#}`. It is written as a noncharacter of Unicode, which texts are not to
/// have; one that has it anyway chooses one of these colours, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Ink(u8);

/// What matters most.
pub const STRONG: Ink = Ink(0);
/// What is in order, and texts of JSON.
pub const GOOD: Ink = Ink(1);
/// What is not in order.
pub const BAD: Ink = Ink(2);
/// What deserves a look.
pub const WARN: Ink = Ink(3);
/// Names of members of JSON.
pub const NAME: Ink = Ink(4);
/// Numbers and the like in JSON.
pub const OTHER: Ink = Ink(5);
/// What was wrong, before an error.
const ERROR: Ink = Ink(6);

const STYLES: [Style; 7] = [
    Style::new().bold(),
    AnsiColor::Green.on_default(),
    AnsiColor::Red.on_default(),
    AnsiColor::Yellow.on_default(),
    AnsiColor::Blue.on_default().bold(),
    AnsiColor::Cyan.on_default(),
    AnsiColor::Red.on_default().bold(),
];

/// The noncharacter of the first ink, and the one that ends all of them.
const FIRST_INK: u32 = 0xFDD0;
const END_OF_INK: char = '\u{FDEF}';

impl fmt::Display for Ink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if f.alternate() { None } else { char::from_u32(FIRST_INK + u32::from(self.0)) };
        f.write_char(mark.unwrap_or(END_OF_INK))
    }
}

/// What a character of ink does, if it is one.
fn ink(c: char) -> Option<String> {
    if c == END_OF_INK {
        return Some(anstyle::Reset.to_string());
    }
    let index = u32::from(c).checked_sub(FIRST_INK)?;
    STYLES.get(usize::try_from(index).ok()?).map(ToString::to_string)
}

/// Standard output.
#[expect(clippy::disallowed_methods, reason = "this is where it is written")]
pub fn out() -> Screen<AutoStream<StdoutLock<'static>>> {
    let out = io::stdout();
    Screen::new(out.is_terminal(), AutoStream::choice(&out), |choice| AutoStream::new(out.lock(), choice))
}

/// Standard output for what is no text for people, as it is.
#[expect(clippy::disallowed_methods, reason = "what goes through it is not for a terminal")]
pub fn pipe() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// Standard error.
#[expect(clippy::disallowed_methods, reason = "this is where it is written")]
pub fn err() -> Screen<AutoStream<Stderr>> {
    let err = io::stderr();
    Screen::new(err.is_terminal(), AutoStream::choice(&err), |choice| AutoStream::new(err, choice))
}

/// Whether a person reads standard output.
#[expect(clippy::disallowed_methods, reason = "nothing is written")]
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Says something to the person on standard error. That nobody can hear it does not matter.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut $crate::screen::err(), format_args!("{}\n", format_args!($($text)*)));
    }};
}
pub(crate) use say;

/// Says why the command failed, in one line.
pub fn fail(failure: &str) {
    let failure = if err().visible { line(failure) } else { failure.to_owned() };
    say!("{ERROR}error{ERROR:#}: {failure}");
}

/// A text for one line of a terminal: its line breaks and tabs are made visible, too.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\n' | '\t') || is_hidden(c) { escape(c, &mut shown) } else { shown.push(c) }
    }
    shown
}

/// Writes to a terminal or a pipe.
pub struct Screen<W: Write> {
    out: W,
    /// Whether what a terminal would obey is made visible.
    visible: bool,
    has_colours: bool,
    /// The beginning of a character whose rest is still to come, or a carriage return that may belong to a line break.
    pending: Vec<u8>,
}

impl<W: Write> Screen<W> {
    fn new(is_terminal: bool, colours: ColorChoice, open: impl FnOnce(ColorChoice) -> W) -> Self {
        let has_colours = colours != ColorChoice::Never;
        // Without a terminal nothing but the ink is to be changed, nor taken out.
        let choice = if is_terminal { colours } else { ColorChoice::AlwaysAnsi };
        Self { out: open(choice), visible: is_terminal, has_colours, pending: Vec::new() }
    }

    fn show(&self, text: &str, shown: &mut String) {
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match ink(c) {
                Some(style) if self.has_colours => shown.push_str(&style),
                Some(_) => {}
                None if c == '\r' && characters.peek() == Some(&'\n') && self.visible => {}
                None if self.visible && is_hidden(c) => escape(c, shown),
                None => shown.push(c),
            }
        }
    }

    /// Shows bytes; those at the end that are no whole character yet are kept, unless it is the end.
    fn put(&mut self, bytes: &[u8], is_end: bool) -> io::Result<()> {
        let mut bytes = [self.pending.as_slice(), bytes].concat();
        self.pending = if is_end { Vec::new() } else { bytes.split_off(whole(&bytes)) };
        let mut shown = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            self.show(chunk.valid(), &mut shown);
            if !chunk.invalid().is_empty() && !self.visible {
                self.out.write_all(shown.as_bytes())?;
                self.out.write_all(chunk.invalid())?;
                shown.clear();
            } else if !chunk.invalid().is_empty() {
                shown.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.out.write_all(shown.as_bytes())
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes, false)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.put(&[], true)?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // Whoever needs to know whether it worked has flushed.
        let _ = self.flush();
    }
}

/// How many bytes are there before a character that is not complete, or a carriage return that ends the bytes.
fn whole(bytes: &[u8]) -> usize {
    if bytes.last() == Some(&b'\r') {
        return bytes.len() - 1;
    }
    let tail = bytes.len().saturating_sub(3);
    let begins = |at: &usize| {
        std::str::from_utf8(&bytes[*at..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (tail..bytes.len()).find(begins).unwrap_or(bytes.len())
}

/// Whether a terminal obeys a character, or shows nothing for it: control characters, those of direction, and those that
/// are invisible by themselves. Selectors of a symbol's look stay, as they only change the symbol.
fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' => true,
        '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' => true,
        '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' => true,
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => true,
        _ => c.is_control(),
    }
}

/// Writes a character as JSON escapes it.
fn escape(c: char, shown: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(shown, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(is_terminal: bool, colours: ColorChoice) -> Screen<Vec<u8>> {
        Screen::new(is_terminal, colours, |_| Vec::new())
    }

    fn shown(is_terminal: bool, pieces: &[&[u8]]) -> Vec<u8> {
        let mut screen = screen(is_terminal, ColorChoice::Never);
        pieces.iter().try_for_each(|piece| screen.write_all(piece)).expect("written");
        screen.flush().expect("written");
        std::mem::take(&mut screen.out)
    }

    #[test]
    fn what_a_terminal_would_obey_is_made_visible() {
        for (text, expected) in [
            ("\u{1b}]0;title\u{7}", "\\u001b]0;title\\u0007"),
            ("\u{9b}31m\u{7f}\u{8}", "\\u009b31m\\u007f\\u0008"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", "a\\u202eb\\u2066c\\u200bd\\ufeff"),
            ("\u{e0041}", "\\udb40\\udc41"),
            ("one\r\ntwo\rthree\tfour", "one\ntwo\\u000dthree\tfour"),
            ("Zoë ❤\u{fe0f} 日本", "Zoë ❤\u{fe0f} 日本"),
        ] {
            assert_eq!(String::from_utf8(shown(true, &[text.as_bytes()])).expect("text"), expected);
            assert_eq!(shown(false, &[text.as_bytes()]), text.as_bytes());
        }
        assert_eq!(shown(true, &[b"\x9b31m\xff"]), "\u{fffd}31m\u{fffd}".as_bytes());
        assert_eq!(shown(false, &[b"\x9b31m\xff\x1b"]), b"\x9b31m\xff\x1b");
    }

    #[test]
    fn every_control_character_is_made_visible() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32).filter(|c| c.is_control()) {
            let text = c.to_string();
            let escaped = shown(true, &[b"a", text.as_bytes(), b"b"]) != format!("a{c}b").into_bytes();
            assert_eq!(escaped, !matches!(c, '\n' | '\t'), "{c:?}");
            assert!(!line(&text).contains(c), "{c:?}");
        }
    }

    #[test]
    fn characters_may_come_in_pieces() {
        let text = "a\u{9b}€😀\r\n\u{202e}\r".as_bytes();
        let whole = shown(true, &[text]);
        for at in 0..text.len() {
            assert_eq!(shown(true, &[&text[..at], &text[at..]]), whole, "{at}");
            assert_eq!(shown(false, &[&text[..at], &text[at..]]), text, "{at}");
        }
        assert_eq!(shown(true, &[&[0xE2], &[0x80]]), "\u{fffd}".as_bytes());
        assert_eq!(shown(false, &[&[0xE2], &[0x80]]), [0xE2, 0x80]);
    }

    #[test]
    fn only_the_commands_own_colours_are_colours() {
        let text = format!("{BAD}\u{1b}[31m{BAD:#}");
        for (colours, expected) in
            [(ColorChoice::Always, "\u{1b}[31m\\u001b[31m\u{1b}[0m"), (ColorChoice::Never, "\\u001b[31m")]
        {
            let mut screen = screen(true, colours);
            screen.write_all(text.as_bytes()).expect("written");
            assert_eq!(String::from_utf8_lossy(&screen.out), expected);
        }
    }
}
