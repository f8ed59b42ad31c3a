//! Where one stands in the server's events: what is new, what came before, and what was lost.
//!
//! Pure: it reads no socket and no clock.

/// The events of one connection as far as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    connection: Option<String>,
    next: u64,
}

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is the next one.
    Next,
    /// It came before.
    Before,
    /// Some before it never came: take it, and look up what was missed.
    Lost,
}

/// What to ask of the server when connecting again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resume {
    pub(crate) connection: String,
    pub(crate) next: u64,
}

impl Progress {
    /// What to ask for; `None` before the first `hello`.
    pub(crate) fn resume(&self) -> Option<Resume> {
        self.connection.clone().map(|connection| Resume { connection, next: self.next })
    }

    /// The server names the connection. One that it does not know any more has another name now,
    /// and what was in it is lost; the first one has lost nothing that was ever promised.
    pub(crate) fn hello(&mut self, connection: &str, seq: u64) -> Taken {
        let known = self.connection.as_deref();
        if known == Some(connection) {
            return self.event(seq);
        }
        let taken = if known.is_none() { Taken::Next } else { Taken::Lost };
        self.connection = Some(connection.to_owned());
        self.next = seq.saturating_add(1);
        taken
    }

    /// Any other event.
    pub(crate) fn event(&mut self, seq: u64) -> Taken {
        if seq < self.next {
            return Taken::Before;
        }
        let taken = if seq == self.next { Taken::Next } else { Taken::Lost };
        self.next = seq.saturating_add(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_connection_goes_on_where_it_was() {
        let mut progress = Progress::default();
        assert_eq!(progress.resume(), None);
        assert_eq!(progress.hello("c1", 0), Taken::Next);
        assert_eq!(progress.event(1), Taken::Next);
        assert_eq!(progress.resume(), Some(Resume { connection: "c1".to_owned(), next: 2 }));
        assert_eq!(progress.event(1), Taken::Before);
        assert_eq!(progress.event(2), Taken::Next);
        assert_eq!(progress.event(5), Taken::Lost);
        assert_eq!(progress.hello("c2", 0), Taken::Lost);
        assert_eq!(progress.event(1), Taken::Next);
    }

    /// A server that keeps the last events of a connection, as the real one does.
    #[derive(Default)]
    struct Server {
        connection: u32,
        next: u64,
        kept: VecDeque<(u64, u32)>,
        said: u32,
    }

    const KEPT: usize = 4;

    #[derive(Debug, Clone, Copy)]
    enum Happens {
        Said,
        Dropped(u8),
        Restarted,
    }

    impl Server {
        fn event(&mut self) {
            self.said += 1;
            self.kept.push_back((self.next, self.said));
            self.next += 1;
            if self.kept.len() > KEPT {
                self.kept.pop_front();
            }
        }

        /// What somebody who connects like this is told: a new name or none, and the events.
        fn connect(&mut self, resume: Option<&Resume>) -> (Option<String>, Vec<(u64, u32)>) {
            let known = resume.filter(|resume| {
                let oldest = self.kept.front().map_or(self.next, |(seq, _)| *seq);
                resume.connection == self.connection.to_string()
                    && (oldest..=self.next).contains(&resume.next)
            });
            if let Some(resume) = known {
                let after = self.kept.iter().filter(|(seq, _)| *seq >= resume.next).copied();
                return (None, after.collect());
            }
            self.connection += 1;
            self.next = 1;
            self.kept.clear();
            (Some(self.connection.to_string()), Vec::new())
        }
    }

    proptest! {
        /// Whatever is said, dropped and restarted: what was said is heard in order, once, or is
        /// looked up because the loss is noticed.
        #[test]
        fn nothing_is_heard_twice_and_no_loss_goes_unnoticed(
            happenings in proptest::collection::vec(
                prop_oneof![
                    6 => Just(Happens::Said),
                    2 => (0_u8..8).prop_map(Happens::Dropped),
                    1 => Just(Happens::Restarted),
                ],
                1..80,
            )
        ) {
            let (mut server, mut progress) = (Server::default(), Progress::default());
            let mut heard: Vec<u32> = Vec::new();
            let (hello, _) = server.connect(None);
            progress.hello(&hello.unwrap(), 0);
            for happens in happenings {
                match happens {
                    Happens::Said => {
                        server.event();
                        let (seq, what) = *server.kept.back().unwrap();
                        prop_assert_eq!(progress.event(seq), Taken::Next);
                        heard.push(what);
                    }
                    // So much is said while nobody is connected.
                    Happens::Dropped(missed) => {
                        for _ in 0..missed {
                            server.event();
                        }
                        let (hello, events) = server.connect(progress.resume().as_ref());
                        if let Some(hello) = hello {
                            prop_assert_eq!(progress.hello(&hello, 0), Taken::Lost);
                            // What was missed is looked up.
                            heard.extend(heard.last().map_or(0, |last| *last) + 1..=server.said);
                        }
                        for (seq, what) in events {
                            prop_assert_eq!(progress.event(seq), Taken::Next);
                            heard.push(what);
                            prop_assert_eq!(progress.event(seq), Taken::Before);
                        }
                    }
                    Happens::Restarted => {
                        server.connection += 100;
                        let (hello, _) = server.connect(progress.resume().as_ref());
                        prop_assert_eq!(progress.hello(&hello.unwrap(), 0), Taken::Lost);
                    }
                }
            }
            let all: Vec<u32> = (1..=server.said).collect();
            prop_assert_eq!(heard, all);
        }
    }
}
