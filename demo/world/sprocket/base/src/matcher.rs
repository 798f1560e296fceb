//! Finds earlier occurrences of the bytes at a position.

/// Shorter matches cost more than the literals they replace.
pub const MIN_MATCH: usize = 4;

const HASH_BITS: u32 = 15;
const EMPTY: u32 = u32::MAX;

/// An earlier occurrence of the bytes at some position.
#[derive(Debug, PartialEq, Eq)]
pub struct Match {
    pub distance: usize,
    pub length: usize,
}

/// Remembers the last position of every four bytes of a block, by their hash.
pub struct Matcher {
    table: Vec<u32>,
}

impl Matcher {
    pub fn new() -> Self {
        Matcher { table: vec![EMPTY; 1 << HASH_BITS] }
    }

    /// Makes the bytes at `at` known to later calls of `find`.
    pub fn insert(&mut self, data: &[u8], at: usize) {
        if at + MIN_MATCH <= data.len() {
            self.table[hash(data, at)] = at as u32;
        }
    }

    /// Looks for the bytes at `at`, which must be at least `MIN_MATCH` from the end, among those inserted.
    pub fn find(&self, data: &[u8], at: usize) -> Option<Match> {
        let candidate = self.table[hash(data, at)];
        if candidate == EMPTY {
            return None;
        }
        let length = common_length(data, candidate as usize, at);
        (length >= MIN_MATCH).then(|| Match { distance: at - candidate as usize, length })
    }
}

fn hash(data: &[u8], at: usize) -> usize {
    let word = u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"));
    (word.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

/// How many bytes are the same from `earlier` and from `later` on.
fn common_length(data: &[u8], earlier: usize, later: usize) -> usize {
    let mut length = 0;
    while later + length < data.len() && data[earlier + length] == data[later + length] {
        length += 1;
    }
    length
}
