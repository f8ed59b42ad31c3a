//! `multipart/form-data`, as much of it as clients send.

use bytes::Bytes;

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) mime: String,
    pub(crate) content: Bytes,
}

/// The parts of a body, or nothing if it is not what its type says.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let boundary = parameter(content_type, "boundary")?;
    let delimiter = format!("\r\n--{boundary}");
    let mut at = body
        .strip_prefix(format!("--{boundary}").as_bytes())
        .map(|rest| body.len() - rest.len())?;
    let mut parts = Vec::new();
    loop {
        let rest = body.get(at..)?;
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        let rest = rest.strip_prefix(b"\r\n")?;
        let start = body.len() - rest.len();
        let end = start + find(rest, delimiter.as_bytes())?;
        parts.push(part(&body.slice(start..end))?);
        at = end + delimiter.len();
    }
}

fn part(bytes: &Bytes) -> Option<Part> {
    let split = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8(bytes.get(..split)?.to_vec()).ok()?;
    let header = |name: &str| {
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let disposition = header("content-disposition")?;
    Some(Part {
        name: parameter(&disposition, "name")?,
        filename: parameter(&disposition, "filename"),
        mime: header("content-type").unwrap_or_else(|| "application/octet-stream".to_owned()),
        content: bytes.slice(split + 4..),
    })
}

/// The value of a parameter after the first semicolon.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
