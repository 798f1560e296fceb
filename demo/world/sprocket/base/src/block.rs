//! One block of at most `BLOCK_SIZE` bytes, independent of all others.

use crate::matcher::{Match, Matcher, MIN_MATCH};
use crate::{varint, Error};

/// Appends the packed form of `data` to `out`.
pub fn compress(data: &[u8], out: &mut Vec<u8>) {
    let mut matcher = Matcher::new();
    let mut pending = 0; // where the literals begin that are not written yet
    let mut at = 0;
    while at + MIN_MATCH <= data.len() {
        match matcher.find(data, at) {
            Some(found) => {
                put_sequence(out, &data[pending..at], Some(&found));
                for position in at..at + found.length {
                    matcher.insert(data, position);
                }
                at += found.length;
                pending = at;
            }
            None => {
                matcher.insert(data, at);
                at += 1;
            }
        }
    }
    put_sequence(out, &data[pending..], None);
}

fn put_sequence(out: &mut Vec<u8>, literals: &[u8], found: Option<&Match>) {
    varint::put(out, literals.len());
    out.extend_from_slice(literals);
    match found {
        Some(found) => {
            varint::put(out, found.length);
            varint::put(out, found.distance);
        }
        None => varint::put(out, 0),
    }
}

/// Unpacks a block of `size` raw bytes.
pub fn decompress(packed: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(size);
    let mut at = 0;
    loop {
        let literals = varint::get(packed, &mut at)?;
        out.extend_from_slice(&packed[at..at + literals]);
        at += literals;
        let length = varint::get(packed, &mut at)?;
        if length == 0 {
            break;
        }
        let distance = varint::get(packed, &mut at)?;
        copy_match(&mut out, distance, length);
    }
    if out.len() != size {
        return Err(Error::Corrupt("a block has the wrong size"));
    }
    Ok(out)
}

/// Appends `length` bytes that begin `distance` before the end, which may overlap with what is being written.
fn copy_match(out: &mut Vec<u8>, distance: usize, length: usize) {
    let start = out.len() - distance;
    for position in start..start + length {
        out.push(out[position]);
    }
}
