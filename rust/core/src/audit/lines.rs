//! The forms of captured lines, told apart line by line.

/// Nanoseconds in a second, by digits: a fraction is read to this many.
const FRACTION_DIGITS: usize = 9;

/// What one line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A message as it was received.
    Payload {
        /// Receive time, Unix nanoseconds, where the form has one.
        received_unix_ns: Option<i64>,
        /// The text of the venue.
        payload: &'a [u8],
    },
    /// A connection event, or nothing at all.
    Event,
    /// None of the forms.
    Unreadable,
}

/// Tells the form of one line, which has no newline.
///
/// `<ns> <payload>`, `<seconds>: <payload>`, bare JSON,
/// `<ns> <connection> <kind> <payload>`, and connection events (`wss… <->`, `http… ->`), of
/// which a fetched one (`http… -> <seconds>: <payload>`) brings a payload.
#[must_use]
pub fn tell(line: &[u8]) -> Line<'_> {
    let line = line.trim_ascii();
    match line.first() {
        None => Line::Event,
        Some(b'{' | b'[') => payload(None, line),
        Some(b'0'..=b'9') => stamped(line),
        Some(_) if line.starts_with(b"ws") || line.starts_with(b"http") => event(line),
        Some(_) => Line::Unreadable,
    }
}

fn payload(received_unix_ns: Option<i64>, payload: &[u8]) -> Line<'_> {
    Line::Payload {
        received_unix_ns,
        payload,
    }
}

fn stamped(line: &[u8]) -> Line<'_> {
    let (whole, rest) = split_digits(line);
    match rest.split_first() {
        Some((b' ', rest)) => match (number(whole), rest.first()) {
            (Some(received), Some(b'0'..=b'9')) => own(received, rest),
            (Some(received), Some(_)) => payload(Some(received), rest),
            _ => Line::Unreadable,
        },
        Some((b'.', rest)) => {
            let (fraction, rest) = split_digits(rest);
            seconds(whole, fraction, rest)
        }
        Some((b':', _)) => seconds(whole, b"", rest),
        _ => Line::Unreadable,
    }
}

fn seconds<'a>(whole: &[u8], fraction: &[u8], rest: &'a [u8]) -> Line<'a> {
    let received = || {
        let kept = &fraction[..fraction.len().min(FRACTION_DIGITS)];
        let missing = u32::try_from(FRACTION_DIGITS - kept.len()).ok()?;
        let fraction_ns = number(kept)?.checked_mul(10_i64.pow(missing))?;
        number(whole)?
            .checked_mul(1_000_000_000)?
            .checked_add(fraction_ns)
    };
    match (received(), rest.strip_prefix(b": ")) {
        (Some(received), Some(text)) => payload(Some(received), text),
        _ => Line::Unreadable,
    }
}

/// Our own form: behind the stamp the connection, the kind, and what was received.
fn own(received: i64, rest: &[u8]) -> Line<'_> {
    let (_, rest) = split_digits(rest);
    let Some(rest) = rest.strip_prefix(b" ") else {
        return Line::Unreadable;
    };
    let end = rest.iter().position(|byte| *byte == b' ');
    let (kind, text) = rest.split_at(end.unwrap_or(rest.len()));
    let text = text.strip_prefix(b" ").unwrap_or(text);
    match kind {
        b"text" | b"binary" | b"rest" | b"0" | b"1" | b"2" => payload(Some(received), text),
        b"opened" | b"closed" | b"error" | b"3" | b"4" | b"5" => Line::Event,
        _ => Line::Unreadable,
    }
}

fn event(line: &[u8]) -> Line<'_> {
    let arrow = line.windows(4).position(|window| window == b" -> ");
    match arrow.map(|at| stamped(&line[at + 4..])) {
        Some(fetched @ Line::Payload { .. }) => fetched,
        _ => Line::Event,
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

/// Digits alone to a number; an empty text is 0.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(Option<i64>, &str)> {
        match tell(line.as_bytes()) {
            Line::Payload {
                received_unix_ns,
                payload,
            } => Some((received_unix_ns, std::str::from_utf8(payload).ok()?)),
            _ => None,
        }
    }

    #[test]
    fn every_form_gives_its_stamp_and_its_payload() {
        let stamp = Some(1_723_161_253_937_085_768);
        assert_eq!(
            read("1723161253937085768 {\"u\":1}"),
            Some((stamp, "{\"u\":1}"))
        );
        assert_eq!(
            read("1723161253937085768 3 text {\"u\":1}\r"),
            Some((stamp, "{\"u\":1}"))
        );
        assert_eq!(read("{\"u\":1}"), Some((None, "{\"u\":1}")));
        let seconds = Some(1_618_678_132_825_818_800);
        assert_eq!(read("1618678132.8258188: {}"), Some((seconds, "{}")));
        assert_eq!(
            read("1618678132: []"),
            Some((Some(1_618_678_132_000_000_000), "[]"))
        );
        let fetched = "https://api.test/depth?limit=5 -> 1618678132.5: {\"lastUpdateId\":1}";
        let half = Some(1_618_678_132_500_000_000);
        assert_eq!(read(fetched), Some((half, "{\"lastUpdateId\":1}")));
    }

    #[test]
    fn events_and_empty_lines_are_no_messages() {
        for line in [
            "",
            "\r",
            "wss://ws.test <-> 1618678132.38",
            "1 2 opened",
            "1 2 closed x",
        ] {
            assert_eq!(tell(line.as_bytes()), Line::Event, "{line}");
        }
    }

    #[test]
    fn what_is_no_form_is_said_to_be_unreadable() {
        let long = format!("{} {{}}", "9".repeat(30));
        for line in [
            "hello",
            "12",
            "12 ",
            "12x {}",
            "12.5 {}",
            "1 2",
            "1 2 word {}",
            &long,
        ] {
            assert_eq!(tell(line.as_bytes()), Line::Unreadable, "{line}");
        }
    }
}
