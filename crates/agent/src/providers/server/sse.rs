//! Server-sent events: only what chat completions use, with a bound on the size of an event.

/// Takes in bytes and gives out the data of events.
#[derive(Debug)]
pub(super) struct EventReader {
    line: Vec<u8>,
    data: Vec<u8>,
    limit: usize,
    after_return: bool,
}

/// An event is larger than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl EventReader {
    pub(super) const fn new(limit: usize) -> Self {
        Self { line: Vec::new(), data: Vec::new(), limit, after_return: false }
    }

    /// The data of every event that `bytes` complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLarge> {
        let mut events = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                other => self.line.push(*other),
            }
            self.after_return = *byte == b'\r';
            if self.line.len() + self.data.len() > self.limit {
                return Err(TooLarge);
            }
        }
        Ok(events)
    }

    /// The data of a last event that the server did not end with an empty line.
    pub(super) fn finish(mut self) -> Option<String> {
        let ended = self.end_line();
        ended.or_else(|| self.end_event())
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.end_event();
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            let value = value.strip_prefix(b" ").unwrap_or(value);
            self.data.extend_from_slice(value);
        }
        None
    }

    fn end_event(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then(|| String::from_utf8_lossy(&data).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let stream = ": hi\r\n\r\nevent: x\ndata: {\"ä\":1}\n\ndata:a\r\ndata: b\r\n\r\ndata: last";
        for size in 1..=stream.len() {
            let mut reader = EventReader::new(100);
            let pieces = stream.as_bytes().chunks(size);
            let mut events: Vec<String> =
                pieces.flat_map(|piece| reader.push(piece).unwrap()).collect();
            events.extend(reader.finish());
            assert_eq!(events, ["{\"ä\":1}", "a\nb", "last"], "{size}");
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut reader = EventReader::new(10);
        assert_eq!(reader.push(b"data: 0123456789"), Err(TooLarge));
    }
}
