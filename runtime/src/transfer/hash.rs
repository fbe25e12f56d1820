//! Hashes of content, by which a transfer proves itself: those that drives give of their files
//! ([hashes](https://learn.microsoft.com/graph/api/resources/hashes)) and that HTTP knows
//! ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)).
//!
//! In go the bytes, in order; out comes what is compared with a [`Claim`]. `quickXorHash`, which nearly every drive
//! gives, is computed here, as no library of ours has it. SHA-1 and SHA-256 come from `ring`, which signing in has
//! already; without the feature `auth` claims of them are not compared. Nor is MD5: no library of ours has it, and a
//! drive does not give it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A kind of hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// What drives give for every file, also consumer drives by now (onedrive-api-docs#982).
    QuickXor,
    Sha256,
    Sha1,
}

impl Kind {
    /// In the order in which they are preferred.
    pub(crate) const ALL: [Self; 3] = [Self::QuickXor, Self::Sha256, Self::Sha1];

    /// The property of an item that holds it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::QuickXor => "quickXorHash",
            Self::Sha256 => "sha256Hash",
            Self::Sha1 => "sha1Hash",
        }
    }

    fn length(self) -> usize {
        match self {
            Self::QuickXor | Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// What somebody says the hash of some content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) kind: Kind,
    bytes: Vec<u8>,
}

impl Claim {
    /// Reads a hash as base64 or hexadecimal digits, as consumer drives write also `quickXorHash`
    /// (onedrive-api-docs#982). Nothing else is a claim, so that an empty text says nothing.
    pub(crate) fn read(kind: Kind, text: &str) -> Option<Self> {
        let bytes = hexadecimal(text).or_else(|| STANDARD.decode(text).ok())?;
        (bytes.len() == kind.length()).then_some(Self { kind, bytes })
    }

    /// Whether it is the hash of what was put into one.
    pub(crate) fn is_of(&self, hash: Hash) -> bool {
        hash.finish() == self.bytes
    }
}

/// An even number of digits; the length of base64 of a hash is another than that of its digits.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    let digits = digits.filter(|digits| matches!(digits.len(), 40 | 64))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// A hash that is being computed.
#[derive(Clone)]
pub(crate) enum Hash {
    QuickXor(QuickXor),
    #[cfg(feature = "auth")]
    Sha(ring::digest::Context),
}

impl Hash {
    /// The hash of nothing yet; `None` for a kind that this build does not compute.
    pub(crate) fn new(kind: Kind) -> Option<Self> {
        match kind {
            Kind::QuickXor => Some(Self::QuickXor(QuickXor::default())),
            #[cfg(feature = "auth")]
            Kind::Sha256 => Some(Self::Sha(ring::digest::Context::new(&ring::digest::SHA256))),
            #[cfg(feature = "auth")]
            Kind::Sha1 => {
                Some(Self::Sha(ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY)))
            }
            #[cfg(not(feature = "auth"))]
            Kind::Sha256 | Kind::Sha1 => None,
        }
    }

    /// Adds the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::QuickXor(hash) => hash.update(bytes),
            #[cfg(feature = "auth")]
            Self::Sha(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::QuickXor(hash) => hash.finish().to_vec(),
            #[cfg(feature = "auth")]
            Self::Sha(hash) => hash.finish().as_ref().to_vec(),
        }
    }
}

/// After how many bytes the positions in the hash repeat: as many as it has bits, as 11 and 160 have no common factor.
const PERIOD: usize = 160;
const WORDS: usize = PERIOD / 8;

/// [`quickXorHash`](https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash): each byte is combined,
/// by exclusive or, into a ring of 160 bits, 11 bits further than the one before; at last the length is, into the last
/// 64 bits.
///
/// Bytes that are a period apart fall on the same bits. They are combined as they come, in words, and put in their
/// places at the end.
#[derive(Clone, Default)]
pub(crate) struct QuickXor {
    /// The bytes of one period, in words of little endian.
    period: [u64; WORDS],
    length: u64,
}

impl QuickXor {
    /// How many bytes it is of.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Adds the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let at = (self.length % PERIOD as u64) as usize;
        let (head, rest) = bytes.split_at(bytes.len().min((PERIOD - at) % PERIOD));
        self.update_single(at, head);
        let mut periods = rest.chunks_exact(PERIOD);
        for period in &mut periods {
            for (mine, word) in self.period.iter_mut().zip(period.chunks_exact(8)) {
                *mine ^= u64::from_le_bytes(word.try_into().unwrap_or_default());
            }
        }
        self.update_single(0, periods.remainder());
        self.length += bytes.len() as u64;
    }

    /// Adds less than a period from a position in it.
    fn update_single(&mut self, at: usize, bytes: &[u8]) {
        for (at, byte) in (at..).zip(bytes) {
            self.period[at / 8] ^= u64::from(*byte) << (at % 8 * 8);
        }
    }

    fn finish(self) -> [u8; 20] {
        let mut hash = [0; 20];
        for (at, byte) in self.period.iter().flat_map(|word| word.to_le_bytes()).enumerate() {
            let bit = at * 11 % PERIOD;
            let [low, high] = (u16::from(byte) << (bit % 8)).to_le_bytes();
            hash[bit / 8] ^= low;
            hash[(bit / 8 + 1) % 20] ^= high;
        }
        for (mine, byte) in hash[12..].iter_mut().zip(self.length.to_le_bytes()) {
            *mine ^= byte;
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The algorithm as it is described, bit by bit.
    fn naive(bytes: &[u8]) -> [u8; 20] {
        let mut bits = [false; 160];
        for (at, byte) in bytes.iter().enumerate() {
            for bit in 0..8 {
                bits[(at * 11 + bit) % 160] ^= byte >> bit & 1 == 1;
            }
        }
        for bit in 0..64 {
            bits[96 + bit] ^= bytes.len() as u64 >> bit & 1 == 1;
        }
        std::array::from_fn(|at| (0..8).map(|bit| u8::from(bits[at * 8 + bit]) << bit).sum())
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
    }

    fn quick_xor(pieces: &[&[u8]]) -> [u8; 20] {
        let mut hash = QuickXor::default();
        pieces.iter().for_each(|piece| hash.update(piece));
        hash.finish()
    }

    #[test]
    fn a_quick_xor_hash_is_what_its_description_says_however_the_bytes_come() {
        for length in [0, 1, 2, 14, 15, 159, 160, 161, 319, 320, 1000, 65_537] {
            let content = content(length);
            assert_eq!(quick_xor(&[&content]), naive(&content), "{length}");
            for size in [1, 7, 64, 160, 161, 500] {
                let pieces: Vec<&[u8]> = content.chunks(size).collect();
                assert_eq!(quick_xor(&pieces), naive(&content), "{length} by {size}");
            }
        }
    }

    #[test]
    fn what_a_drive_said_of_a_file_of_two_bytes_is_said_again() {
        // onedrive-api-docs#613.
        assert_eq!(STANDARD.encode(quick_xor(&[b"1\n"])), "MVAAAAAAAAAAAAAAAgAAAAAAAAA=");
        assert_eq!(STANDARD.encode(quick_xor(&[])), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    }

    #[test]
    fn a_claim_is_read_as_base64_and_as_digits_and_nothing_else_is_one() {
        let base64 = Claim::read(Kind::QuickXor, "MVAAAAAAAAAAAAAAAgAAAAAAAAA=").expect("a claim");
        let digits =
            Claim::read(Kind::QuickXor, "3150000000000000000000000200000000000000").expect("a claim");
        assert_eq!(base64, digits);
        let mut hash = Hash::new(Kind::QuickXor).expect("always");
        hash.update(b"1\n");
        assert!(base64.is_of(hash.clone()));
        hash.update(b"2");
        assert!(!base64.is_of(hash));
        for text in ["", "MVA=", "3150", "no hash at all, but as long as one...."] {
            assert_eq!(Claim::read(Kind::QuickXor, text), None, "{text}");
        }
    }

    #[cfg(feature = "auth")]
    #[test]
    fn the_hashes_of_ring_are_those_of_the_standards() {
        for (kind, of_abc) in [
            (Kind::Sha1, "A9993E364706816ABA3E25717850C26C9CD0D89D"),
            (Kind::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let mut hash = Hash::new(kind).expect("with the feature");
            hash.update(b"a");
            hash.update(b"bc");
            assert!(Claim::read(kind, of_abc).expect("a claim").is_of(hash), "{kind:?}");
        }
    }
}
