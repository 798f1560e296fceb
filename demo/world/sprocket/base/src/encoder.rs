use std::io::{self, Write};

use crate::{block, varint, BLOCK_SIZE, MAGIC};

/// Compresses everything written to it into `inner`. Call [`Encoder::finish`] at the end.
pub struct Encoder<W: Write> {
    inner: W,
    raw: Vec<u8>,
    packed: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    /// Begins a stream.
    pub fn new(mut inner: W) -> io::Result<Self> {
        inner.write_all(&MAGIC)?;
        Ok(Encoder { inner, raw: Vec::with_capacity(BLOCK_SIZE), packed: Vec::new() })
    }

    /// Ends the stream and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_block()?;
        self.inner.write_all(&[0])?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.raw.is_empty() {
            return Ok(());
        }
        self.packed.clear();
        block::compress(&self.raw, &mut self.packed);
        let mut header = Vec::with_capacity(8);
        varint::put(&mut header, self.raw.len());
        varint::put(&mut header, self.packed.len());
        self.inner.write_all(&header)?;
        self.inner.write_all(&self.packed)?;
        self.raw.clear();
        Ok(())
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(BLOCK_SIZE - self.raw.len());
        self.raw.extend_from_slice(&data[..taken]);
        if self.raw.len() == BLOCK_SIZE {
            self.write_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_block()?;
        self.inner.flush()
    }
}
