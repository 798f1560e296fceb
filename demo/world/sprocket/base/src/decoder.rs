use std::io::{self, Read};

use crate::{block, Error, BLOCK_SIZE, MAGIC};

/// Decompresses the stream in `inner`.
pub struct Decoder<R: Read> {
    inner: R,
    block: Vec<u8>,
    at: usize,
    started: bool,
    done: bool,
}

impl<R: Read> Decoder<R> {
    /// Nothing is read before the first call of `read`.
    pub fn new(inner: R) -> Self {
        Decoder { inner, block: Vec::new(), at: 0, started: false, done: false }
    }

    fn next_block(&mut self) -> io::Result<()> {
        if !self.started {
            let mut magic = [0; MAGIC.len()];
            self.inner.read_exact(&mut magic)?;
            if magic != MAGIC {
                return Err(Error::NotSprocket.into());
            }
            self.started = true;
        }
        let size = self.read_number()?;
        if size == 0 {
            self.done = true;
            return Ok(());
        }
        if size > BLOCK_SIZE {
            return Err(Error::Corrupt("a block is too large").into());
        }
        let packed_size = self.read_number()?;
        let mut packed = Vec::new();
        (&mut self.inner).take(packed_size as u64).read_to_end(&mut packed)?;
        self.block = block::decompress(&packed, size)?;
        self.at = 0;
        Ok(())
    }

    fn read_number(&mut self) -> io::Result<usize> {
        let mut value = 0;
        for shift in (0..32).step_by(7) {
            let mut byte = [0];
            if self.inner.read(&mut byte)? == 0 {
                return Ok(0);
            }
            value |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(value);
            }
        }
        Err(Error::Corrupt("a number is too long").into())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() && !self.done {
            self.next_block()?;
        }
        let rest = &self.block[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
