//! Numbers of variable length: seven bits per byte, the lowest first.

use crate::Error;

/// Appends `value` to `out`.
pub fn put(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads the number at `*at` and moves `*at` behind it.
pub fn get(data: &[u8], at: &mut usize) -> Result<usize, Error> {
    let mut value = 0;
    for shift in (0..32).step_by(7) {
        let byte = *data.get(*at).ok_or(Error::Truncated)?;
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Error::Corrupt("a number is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, 65_535, 65_536, 1 << 27] {
            let (mut out, mut at) = (Vec::new(), 0);
            put(&mut out, value);
            assert_eq!(get(&out, &mut at), Ok(value));
            assert_eq!(at, out.len());
        }
    }
}
