//! Where the bytes of an upload come from, and what they are known by.

use std::io::{self, SeekFrom};
use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};

use crate::transfer::hash::{Hash, Kind, QuickXor};
use crate::transfer::receipt::Receipt;

/// Bytes that can be read again from any position.
pub(super) trait ReadSeek: AsyncRead + AsyncSeek + Send + Unpin {}

impl<S: AsyncRead + AsyncSeek + Send + Unpin> ReadSeek for S {}

/// How many bytes are read at a time for hashes.
const BLOCK: u64 = 64 * 1024;

/// Of how many blocks a fingerprint is made.
const SAMPLES: u64 = 16;

/// Content, and the hash of what has been sent of it.
pub(super) struct Source {
    bytes: Box<dyn ReadSeek>,
    /// What tells this version of the content from others, if the program says so.
    version: Option<String>,
    /// Of the bytes from the first one on. Each is hashed once, when it is sent; what another process has sent, or what
    /// lies behind such bytes, is read once more at the end, and only if there is something to compare with.
    hash: QuickXor,
}

/// What content is known by, without all of it being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fingerprint {
    /// FNV-1a of blocks that lie equally far apart, the first and the last one among them.
    samples: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// Whether content is what an item says it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// It is, as far as the item says anything.
    Same { size: bool, hash: bool },
    /// It is not, and why.
    Differs(String),
}

impl Source {
    pub(super) fn new(bytes: impl AsyncRead + AsyncSeek + Send + Unpin + 'static) -> Self {
        Self { bytes: Box::new(bytes), version: None, hash: QuickXor::default() }
    }

    pub(super) fn set_version(&mut self, version: String) {
        self.version = Some(version);
    }

    /// The number of bytes.
    pub(super) async fn length(&mut self) -> io::Result<u64> {
        self.bytes.seek(SeekFrom::End(0)).await
    }

    /// A part of the bytes, as a whole.
    pub(super) async fn read(&mut self, range: Range<u64>) -> io::Result<Bytes> {
        self.bytes.seek(SeekFrom::Start(range.start)).await?;
        let length = usize::try_from(range.end - range.start).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; length];
        self.bytes.read_exact(&mut bytes).await?;
        Ok(bytes.into())
    }

    /// Nothing has been sent of it.
    pub(super) fn begin(&mut self) {
        self.hash = QuickXor::default();
    }

    /// Hashes what is sent, unless it was before.
    pub(super) fn note_sent(&mut self, at: u64, bytes: &[u8]) {
        let known = self.hash.length().checked_sub(at).and_then(|known| usize::try_from(known).ok());
        if let Some(new) = known.and_then(|known| bytes.get(known..)) {
            self.hash.update(new);
        }
    }

    /// What the bytes are known by: a mebibyte of them, all of them if there are no more.
    pub(super) async fn fingerprint(&mut self, length: u64) -> io::Result<Fingerprint> {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut at = 0;
        for sample in 0..SAMPLES {
            // Blocks that would overlap lie next to each other.
            let start = at.max(length.saturating_sub(BLOCK) * sample / (SAMPLES - 1)).min(length);
            let end = length.min(start + BLOCK);
            for byte in &self.read(start..end).await? {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
            at = end;
        }
        Ok(Fingerprint { samples: format!("{hash:016x}"), version: self.version.clone() })
    }

    /// Compares the bytes with what an item says of its own.
    pub(super) async fn compare(&mut self, receipt: &Receipt, length: u64) -> io::Result<Comparison> {
        if let Some(size) = receipt.size.filter(|size| *size != length) {
            return Ok(Comparison::Differs(format!("its size is {size} bytes, not {length}")));
        }
        let mut is_hashed = false;
        for claim in &receipt.claims {
            let Some(hash) = self.hash(claim.kind, length).await? else { continue };
            if !claim.is_of(hash) {
                return Ok(Comparison::Differs(format!(
                    "its {} is not that of the content",
                    claim.kind.name()
                )));
            }
            is_hashed = true;
            break;
        }
        Ok(Comparison::Same { size: receipt.size.is_some(), hash: is_hashed })
    }

    /// The hash of all bytes. Only what was not hashed while it was sent is read for it: for other hashes than
    /// `quickXorHash` everything, as it is not known before that one of them will be asked for.
    async fn hash(&mut self, kind: Kind, length: u64) -> io::Result<Option<Hash>> {
        let mut hash = match kind {
            Kind::QuickXor => Some(Hash::QuickXor(self.hash.clone())),
            kind => Hash::new(kind),
        };
        let mut at = if kind == Kind::QuickXor { self.hash.length() } else { 0 };
        if let Some(hash) = &mut hash {
            while at < length {
                let end = length.min(at + BLOCK);
                hash.update(&self.read(at..end).await?);
                at = end;
            }
        }
        Ok(hash)
    }
}

impl Fingerprint {
    /// Whether it is of the same content as another. What only one of them says tells nothing.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let versions = self.version.as_ref().zip(other.version.as_ref());
        self.samples == other.samples && versions.is_none_or(|(mine, other)| mine == other)
    }
}
