//! Cutting a long text into posts: between paragraphs or lines where there are any, and a code block
//! that is cut is closed in one post and opened again in the next.
//!
//! Pure.

/// The longest text of one post, in characters.
pub(crate) const LONGEST: usize = 16_383;

/// The shortest `longest` that there is room in for a fence, its language and something to say.
const LEAST: usize = 64;

/// The longest line that is taken for the beginning of a code block.
const LONGEST_FENCE: usize = 24;

/// A code block that is open where a post ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fence {
    /// The line that opened it.
    opening: String,
    /// The line that closes it.
    closing: String,
}

/// `text` in posts of at most `longest` characters.
pub(crate) fn posts(text: &str, longest: usize) -> Vec<String> {
    let longest = longest.max(LEAST);
    let mut posts = Vec::new();
    let mut post = Post::default();
    for line in text.split_inclusive('\n') {
        let (mut line, mut is_whole) = (line, true);
        // A line that has no room goes into the next post; one that never has any is cut.
        while !line.is_empty() {
            // What is left of a line that was cut neither opens nor closes anything.
            let after =
                if is_whole { fence_after(post.fence.as_ref(), line) } else { post.fence.clone() };
            let room = longest.saturating_sub(post.length + closing(after.as_ref()));
            let length = line.chars().count();
            if length <= room {
                post.push(line, length);
                post.fence = after;
                break;
            }
            if post.says_something {
                posts.push(post.end());
                post = post.next();
                continue;
            }
            let room = longest.saturating_sub(post.length + closing(post.fence.as_ref()));
            let at = line.char_indices().nth(room).map_or(line.len(), |(at, _)| at);
            let (head, tail) = line.split_at_checked(at).unwrap_or((line, ""));
            post.push(head, head.chars().count());
            (line, is_whole) = (tail, false);
        }
    }
    if post.says_something || posts.is_empty() {
        posts.push(post.text);
    }
    posts
}

/// A post in the making.
#[derive(Debug, Default)]
struct Post {
    text: String,
    /// In characters.
    length: usize,
    fence: Option<Fence>,
    says_something: bool,
}

impl Post {
    fn push(&mut self, text: &str, length: usize) {
        self.text.push_str(text);
        self.length += length;
        self.says_something = true;
    }

    /// Its text, with an open code block closed.
    fn end(&self) -> String {
        let mut text = self.text.clone();
        if let Some(fence) = &self.fence {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&fence.closing);
        }
        text
    }

    /// The one after it, in which an open code block goes on.
    fn next(&self) -> Self {
        let opening = self.fence.as_ref().map_or("", |fence| &fence.opening);
        Self {
            text: opening.to_owned(),
            length: opening.chars().count(),
            fence: self.fence.clone(),
            says_something: false,
        }
    }
}

/// How many characters it takes to close a code block, with a line break before.
fn closing(fence: Option<&Fence>) -> usize {
    fence.map_or(0, |fence| fence.closing.chars().count() + 1)
}

/// The code block that is open after `line`.
fn fence_after(open: Option<&Fence>, line: &str) -> Option<Fence> {
    let bare = line.trim_end();
    let indent = bare.len() - bare.trim_start_matches(' ').len();
    let bare = bare.trim_start_matches(' ');
    let mark = bare.chars().next().filter(|mark| matches!(mark, '`' | '~'));
    let run = mark.map_or(0, |mark| bare.chars().take_while(|c| *c == mark).count());
    let is_fence = indent < 4 && run >= 3;
    match (open, mark) {
        (Some(open), Some(mark)) if is_fence => {
            let closes =
                bare.len() == run && open.closing.starts_with(mark) && run >= open.closing.len();
            (!closes).then(|| open.clone())
        }
        (Some(open), _) => Some(open.clone()),
        (None, Some(mark)) if is_fence => {
            let info = bare.get(run..).unwrap_or_default();
            if mark == '`' && info.contains('`') {
                return None;
            }
            let closing: String = std::iter::repeat_n(mark, run.min(LONGEST_FENCE)).collect();
            let whole = bare.chars().count() <= LONGEST_FENCE;
            let opening = if whole { format!("{bare}\n") } else { format!("{closing}\n") };
            Some(Fence { opening, closing })
        }
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_fits_is_one_post() {
        for text in ["", "x", "a\n\nb\n", "```\ncode\n```"] {
            assert_eq!(posts(text, LONGEST), [text]);
        }
    }

    #[test]
    fn a_code_block_that_is_cut_is_closed_and_opened_again() {
        let lines = "one line of several\n".repeat(20);
        let text = format!("Here:\n```rust\n{lines}```\nDone.");
        let posts = posts(&text, 100);
        assert!(posts.len() > 2, "{posts:#?}");
        for (number, post) in posts.iter().enumerate() {
            assert!(post.chars().count() <= 100);
            assert_eq!(post.matches("```").count() % 2, 0, "{number}: {post}");
        }
        assert!(posts[1].starts_with("```rust\none line"));
        assert!(posts[0].ends_with("\n```"));
    }

    /// The same without the fences that were put in where it was cut.
    fn joined(posts: &[String]) -> String {
        let mut text = String::new();
        let mut open: Option<Fence> = None;
        for (number, post) in posts.iter().enumerate() {
            let mut body = post.as_str();
            if let Some(fence) = &open {
                body = body.strip_prefix(&fence.opening).unwrap();
            }
            let mut after = open.clone();
            let is_last = number + 1 == posts.len();
            let full = body;
            if !is_last {
                // What is open before the last line tells whether that line was put in.
                for line in full.split_inclusive('\n').take(full.split_inclusive('\n').count() - 1)
                {
                    after = fence_after(after.as_ref(), line);
                }
                if let Some(fence) = &after
                    && let Some(cut) = full.strip_suffix(&fence.closing)
                {
                    body = cut;
                } else {
                    for line in full.split_inclusive('\n').rev().take(1) {
                        after = fence_after(after.as_ref(), line);
                    }
                }
            }
            text.push_str(body);
            open = after;
        }
        text
    }

    proptest! {
        /// Nothing is lost but line breaks that a cut has put in.
        #[test]
        fn no_post_is_too_long_and_nothing_is_lost(
            parts in proptest::collection::vec(
                prop_oneof!["[a-z 🙂é]{0,40}\n", Just("```\n".to_owned()), Just("```rust\n".to_owned()),
                    Just("~~~~\n".to_owned()), Just("\n".to_owned()), "[a-z]{60,200}\n"],
                0..40,
            ),
            longest in 64_usize..200,
        ) {
            let text = parts.concat();
            let posts = posts(&text, longest);
            for post in &posts {
                prop_assert!(post.chars().count() <= longest, "{} > {longest}", post.chars().count());
            }
            let letters = |text: &str| text.replace('\n', "");
            prop_assert_eq!(letters(&joined(&posts)), letters(&text));
        }

        #[test]
        fn code_stays_code(lines in proptest::collection::vec("[a-z ]{0,50}", 1..60), longest in 64_usize..150) {
            let text = format!("```sh\n{}\n```\n", lines.join("\n"));
            for post in posts(&text, longest) {
                let mut open = None;
                for line in post.split_inclusive('\n') {
                    open = fence_after(open.as_ref(), line);
                }
                prop_assert_eq!(open, None, "{}", post);
                prop_assert!(post.starts_with("```sh\n"));
            }
        }
    }
}
