//! A tree over the hashes that a checkpoint covers (RFC 6962): a receipt proves with a handful of
//! hashes that its record is among them, and shows none of the others.

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// The root over `hashes`; `None` of none.
pub fn root(hashes: &[Digest]) -> Option<Digest> {
    match hashes {
        [] => None,
        [only] => Some(leaf(*only)),
        more => {
            let (left, right) = more.split_at(split(more.len()));
            Some(node(root(left)?, root(right)?))
        }
    }
}

/// What is needed beside the hash at `index` to come to the root, from the leaf upwards.
pub fn path(hashes: &[Digest], index: usize) -> Option<Vec<Digest>> {
    match hashes {
        [] => None,
        [_] => (index == 0).then(Vec::new),
        more => {
            let middle = split(more.len());
            let (left, right) = more.split_at(middle);
            let (mut below, beside) = if index < middle {
                (path(left, index)?, root(right)?)
            } else {
                (path(right, index - middle)?, root(left)?)
            };
            below.push(beside);
            Some(below)
        }
    }
}

/// The root over `size` hashes of which the one at `index` is `hash`, by its path; `None` if there
/// is no such place or the path has another length.
pub fn root_by_path(hash: Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return path.is_empty().then(|| leaf(hash));
    }
    let (beside, below) = path.split_last()?;
    let middle = 1 << (u64::BITS - 1 - (size - 1).leading_zeros());
    if index < middle {
        Some(node(root_by_path(hash, index, middle, below)?, *beside))
    } else {
        Some(node(*beside, root_by_path(hash, index - middle, size - middle, below)?))
    }
}

/// The greatest power of two below `len`, which is at least 2.
const fn split(len: usize) -> usize {
    1 << (usize::BITS - 1 - (len - 1).leading_zeros())
}

fn leaf(hash: Digest) -> Digest {
    Digest::from_bytes(
        Sha256::new().chain_update([0]).chain_update(hash.as_bytes()).finalize().into(),
    )
}

fn node(left: Digest, right: Digest) -> Digest {
    let hash = Sha256::new()
        .chain_update([1])
        .chain_update(left.as_bytes())
        .chain_update(right.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(count: u8) -> Vec<Digest> {
        (0..count).map(|number| Digest::of(&[number])).collect()
    }

    #[test]
    fn every_place_comes_to_the_root_by_its_path() {
        for size in 1..40_u8 {
            let all = hashes(size);
            let root = root(&all).unwrap();
            for (index, hash) in (0_u8..).zip(&all) {
                let path = path(&all, index.into()).unwrap();
                let by = |index: u8, size: u8, path: &[Digest]| {
                    root_by_path(*hash, index.into(), size.into(), path)
                };
                assert_eq!(by(index, size, &path), Some(root));
                assert_eq!(by(size, size, &path), None);
                for other in (0..size).filter(|other| *other != index) {
                    assert_ne!(by(other, size, &path), Some(root), "{other} for {index}");
                }
                let mut longer = path.clone();
                longer.push(*hash);
                assert_eq!(by(index, size, &longer), None);
            }
        }
        assert_eq!(root(&[]), None);
    }

    /// Of the tree over three leaves, by hand.
    #[test]
    fn the_shape_is_that_of_rfc_6962() {
        let [a, b, c] = [Digest::of(b"a"), Digest::of(b"b"), Digest::of(b"c")];
        let expected = node(node(leaf(a), leaf(b)), leaf(c));
        assert_eq!(root(&[a, b, c]), Some(expected));
    }
}
