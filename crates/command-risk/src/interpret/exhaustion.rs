//! Functions and loops that multiply processes without end.

use crate::parse::ast::{Block, Node, Part};

/// A function that calls itself more than once, or in the background.
pub(super) fn is_fork_bomb(name: &str, body: &Node) -> bool {
    let mut count = 0;
    let mut own = 0;
    names_in(body, name, &mut count, 0);
    names_in(body, "\u{0}", &mut own, 0);
    // `own` counts background marks alone: without a call there is no bomb.
    count > own && count >= 2
}

#[expect(clippy::needless_for_each, reason = "the closure is shared by all arms")]
fn names_in(node: &Node, name: &str, count: &mut u32, depth: u32) {
    if depth > 12 {
        return;
    }
    if matches!(node, Node::Background(_)) {
        *count += 1;
    }
    let mut go = |node: &Node| names_in(node, name, count, depth + 1);
    match node {
        Node::Simple(simple) => {
            if let Some([Part::Bare(word)]) = simple.words.first().map(|w| w.parts.as_slice())
                && word == name
            {
                *count += 1;
            }
        }
        Node::Pipeline(nodes) => nodes.iter().for_each(go),
        Node::AndOr(first, more) => {
            go(first);
            more.iter().for_each(|(_, n)| go(n));
        }
        Node::Background(inner) | Node::Coproc(inner) | Node::Redirected(inner, _) => go(inner),
        Node::Group { body, .. } | Node::For { body, .. } | Node::ArithFor { body, .. } => {
            body.iter().for_each(go);
        }
        Node::If(blocks) => blocks.iter().flat_map(|b| b.iter()).for_each(go),
        Node::Loop { condition, body, .. } => condition.iter().chain(body.iter()).for_each(go),
        Node::Case { arms, .. } => arms.iter().flat_map(|(_, b)| b.iter()).for_each(go),
        Node::Arith(_) | Node::Function { .. } | Node::Test(_) => {}
    }
}

pub(super) fn is_endless(condition: &Block) -> bool {
    match condition.as_slice() {
        [Node::Simple(simple)] => {
            matches!(simple.words.as_slice(), [word] if matches!(word.parts.as_slice(), [Part::Bare(t)] if t == ":" || t == "true"))
        }
        [Node::Arith(word)] => {
            matches!(word.parts.as_slice(), [Part::Quoted(t)] if t.trim() == "1")
        }
        _ => false,
    }
}

/// Whether each round leaves another process behind that never ends.
pub(super) fn leaves_processes(body: &Block) -> bool {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
    fn background(node: &Node, depth: u32) -> bool {
        match node {
            Node::Background(inner) => {
                matches!(inner.as_ref(), Node::Simple(s)
                if matches!(s.words.first().map(|w| w.parts.as_slice()), Some([Part::Bare(t)]) if t == "yes" || t == "$0" || t == "sleep" || t == "bash" || t == "cat"))
                    || matches!(inner.as_ref(), Node::Group { .. } | Node::Loop { .. })
            }
            Node::Group { body, .. } if depth < 8 => body.iter().any(|n| background(n, depth + 1)),
            _ => false,
        }
    }
    let waits = body.iter().any(|node| matches!(node, Node::Simple(s) if matches!(s.words.first().map(|w| w.parts.as_slice()), Some([Part::Bare(t)]) if matches!(t.as_str(), "sleep" | "wait" | "break"))));
    !waits && body.iter().any(|node| background(node, 0))
}
