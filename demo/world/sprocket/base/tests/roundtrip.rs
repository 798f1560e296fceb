use std::io::Write;

use sprocket::{compress, decompress, Encoder, BLOCK_SIZE};

/// Bytes that look random and are the same on every run.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

fn assert_roundtrip(data: &[u8]) {
    assert_eq!(decompress(&compress(data)).unwrap(), data);
}

#[test]
fn sizes_around_the_block_size() {
    for size in [0, 1, 3, 4, 5, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE] {
        assert_roundtrip(&noise(size));
        assert_roundtrip(&vec![b'a'; size]);
    }
}

#[test]
fn text_gets_smaller() {
    let text = "the quick brown fox jumps over the lazy dog. ".repeat(100);
    assert!(compress(text.as_bytes()).len() < text.len() / 10);
    assert_roundtrip(text.as_bytes());
}

#[test]
fn many_small_writes() {
    let mut encoder = Encoder::new(Vec::new()).unwrap();
    for line in 0..5_000 {
        writeln!(encoder, "line {line} of the log").unwrap();
    }
    let packed = encoder.finish().unwrap();
    assert_eq!(decompress(&packed).unwrap().iter().filter(|&&byte| byte == b'\n').count(), 5_000);
}
