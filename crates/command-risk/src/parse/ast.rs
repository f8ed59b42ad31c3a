//! The shape of a parsed script. Nothing in it is resolved yet.

use std::cell::OnceCell;
use std::rc::Rc;

use countersign_domain::assessment::Span;

/// A sequence of commands.
pub(crate) type Block = Rc<Vec<Node>>;

/// One command of any kind.
#[derive(Debug)]
pub(crate) enum Node {
    Simple(Simple),
    Pipeline(Vec<Node>),
    /// The first, then each with whether it follows `&&` (else `||`).
    AndOr(Box<Node>, Vec<(bool, Node)>),
    Background(Box<Node>),
    Group {
        body: Block,
        subshell: bool,
    },
    /// Conditions and bodies in the order in which they stand.
    If(Vec<Block>),
    Loop {
        condition: Block,
        body: Block,
        span: Span,
    },
    For {
        variable: String,
        words: Option<Vec<Word>>,
        body: Block,
    },
    ArithFor {
        header: Word,
        body: Block,
    },
    Arith(Word),
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, Block)>,
    },
    Function {
        name: String,
        body: Rc<Node>,
        span: Span,
    },
    Test(Vec<Word>),
    Coproc(Box<Node>),
    Redirected(Box<Node>, Vec<Redirection>),
}

/// Assignments, words and redirections.
#[derive(Debug, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirections: Vec<Redirection>,
    pub(crate) span: Range,
}

/// Byte offsets with a default.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl From<Range> for Span {
    fn from(range: Range) -> Self {
        Self { start: range.start, end: range.end }
    }
}

#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) index: Option<Word>,
    pub(crate) append: bool,
    pub(crate) value: AssignedValue,
}

#[derive(Debug)]
pub(crate) enum AssignedValue {
    Scalar(Word),
    Array(Vec<Word>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectionKind {
    Read,
    Write,
    Append,
    ReadWrite,
    /// `>&`, `<&`: a descriptor, or a file as `&>` would.
    Duplicate,
    WriteBoth,
    AppendBoth,
    HereDocument,
    HereString,
}

#[derive(Debug)]
pub(crate) struct Redirection {
    pub(crate) kind: RedirectionKind,
    pub(crate) descriptor: Option<u32>,
    pub(crate) target: Word,
    /// The body, filled in when the parser reaches the end of the line.
    pub(crate) body: Rc<OnceCell<Word>>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
    pub(crate) span: Range,
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Unquoted text: globs, braces and tildes in it are active.
    Bare(String),
    /// Text that stands for itself.
    Quoted(String),
    Expansion {
        what: Expansion,
        quoted: bool,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum Expansion {
    Parameter(Rc<Parameter>),
    Command(Block),
    /// `<(…)`, or `>(…)` when `output`.
    Process {
        body: Block,
        output: bool,
    },
    Arithmetic(Vec<Part>),
}

#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own in the text")]
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) index: Option<Word>,
    /// Written without braces, so that a letter right behind it belongs to its name.
    pub(crate) bare: bool,
    pub(crate) indirect: bool,
    pub(crate) length: bool,
    /// `:-` and its like, which take what is empty for what is not set.
    pub(crate) colon: bool,
    pub(crate) operation: Operation,
}

impl Parameter {
    /// The one whose name has a letter more.
    pub(crate) fn longer(&self, letter: char) -> Self {
        Self {
            name: format!("{}{letter}", self.name),
            index: None,
            bare: true,
            indirect: false,
            length: false,
            colon: false,
            operation: Operation::None,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Operation {
    None,
    Default(Word),
    Assign(Word),
    Alternative(Word),
    RemovePrefix {
        pattern: Word,
        longest: bool,
    },
    RemoveSuffix {
        pattern: Word,
        longest: bool,
    },
    Replace {
        pattern: Word,
        with: Word,
        all: bool,
    },
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    Upper {
        pattern: Word,
        all: bool,
    },
    Lower {
        pattern: Word,
        all: bool,
    },
    /// `:?text`: the value, or an error.
    Required(Word),
    /// `@Q` and its like.
    Transform(Word),
    /// Something whose result is not followed; its words still are.
    Other(Word),
}
