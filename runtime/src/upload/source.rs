//! Where the bytes of an upload come from.

use std::io::{self, SeekFrom};
use std::ops::Range;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};

/// Bytes that can be read again from any position.
pub(super) trait ReadSeek: AsyncRead + AsyncSeek + Send + Unpin {}

impl<S: AsyncRead + AsyncSeek + Send + Unpin> ReadSeek for S {}

/// The number of bytes.
pub(super) async fn length(source: &mut dyn ReadSeek) -> io::Result<u64> {
    source.seek(SeekFrom::End(0)).await
}

/// A part of the bytes, as a whole.
pub(super) async fn read(source: &mut dyn ReadSeek, range: Range<u64>) -> io::Result<Bytes> {
    source.seek(SeekFrom::Start(range.start)).await?;
    let length = usize::try_from(range.end - range.start).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut bytes = vec![0; length];
    source.read_exact(&mut bytes).await?;
    Ok(bytes.into())
}
