//! `Edm.Binary` (and `Edm.Stream` where it stands as a value): bytes that travel as base64.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::json::{ReadError, Reader, Value, Writer};

/// Bytes in base64 (`Edm.Binary`). The text is kept as it was read and decoded on demand.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Binary(Box<str>);

/// A text that is neither base64 nor base64url.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64: {0}")]
pub struct BinaryError(#[from] base64::DecodeError);

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

impl Binary {
    /// Encodes bytes in standard base64.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self(STANDARD.encode(bytes).into())
    }

    /// The bytes. OData prescribes base64url, Graph mostly sends standard base64: both are read.
    ///
    /// # Errors
    /// If the text is neither.
    pub fn decode(&self) -> Result<Vec<u8>, BinaryError> {
        let url_safe = self.0.contains(['-', '_']);
        let engine = if url_safe { &URL_SAFE } else { &STANDARD };
        Ok(engine.decode(self.0.as_bytes())?)
    }

    /// The base64 text as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&[u8]> for Binary {
    fn from(bytes: &[u8]) -> Self {
        Self::from_bytes(bytes)
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_bytes(bytes)
    }
}

/// Shows the length only: the content can be long and private.
impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({} base64 characters)", self.0.len())
    }
}

impl Value for Binary {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(Self(reader.expect_string("Edm.Binary")?.into()))
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(&self.0);
    }
}

crate::serde_by_json!(Binary);
