//! A streaming compression library.
//!
//! [`Encoder`] and [`Decoder`] work on streams of any length with a fixed amount of memory. [`compress`] and
//! [`decompress`] are shortcuts for data which is in memory already.

#![forbid(unsafe_code)]

mod block;
mod decoder;
mod encoder;
mod error;
mod matcher;
mod varint;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::Error;

use std::io::{self, Read, Write};

/// The first bytes of every stream.
pub const MAGIC: [u8; 4] = *b"SPK1";

/// How many bytes of raw data a block holds at most.
pub const BLOCK_SIZE: usize = 64 * 1024;

/// Compresses data which is in memory.
pub fn compress(data: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new()).expect("writing to memory does not fail");
    encoder.write_all(data).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

/// Decompresses a whole stream which is in memory.
pub fn decompress(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    Decoder::new(packed).read_to_end(&mut data)?;
    Ok(data)
}
