//! A small JSON scanner: checks what it passes, allocates nothing, decodes only on request.

use super::Reason;

/// Nesting beyond this is refused as malformed.
const DEPTH_MAX: u32 = 32;

/// The longest decoded key or short value.
pub(super) const TEXT_BYTES_MAX: usize = 128;

/// A string's content as it stands between its quotes.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The decoded content; `None` when it is longer than `buffer`.
    pub(super) fn decode<'b>(&self, buffer: &'b mut [u8; TEXT_BYTES_MAX]) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        if !self.escaped {
            return Some(self.raw);
        }
        let (mut used, mut rest) = (0, self.raw);
        while let Some((character, tail)) = next_character(rest) {
            let mut utf8 = [0; 4];
            let bytes = character.encode_utf8(&mut utf8).as_bytes();
            buffer
                .get_mut(used..used + bytes.len())?
                .copy_from_slice(bytes);
            (used, rest) = (used + bytes.len(), tail);
        }
        Some(&buffer[..used])
    }
}

/// Decodes one character of a checked string; a lone surrogate becomes U+FFFD.
fn next_character(raw: &[u8]) -> Option<(char, &[u8])> {
    let [b'\\', kind, rest @ ..] = raw else {
        let length = raw
            .iter()
            .skip(1)
            .take_while(|byte| **byte & 0xC0 == 0x80)
            .count()
            + 1;
        let text = std::str::from_utf8(raw.get(..length)?).ok()?;
        return Some((text.chars().next()?, &raw[length..]));
    };
    let character = match kind {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return next_code_point(rest),
        other => char::from(*other),
    };
    Some((character, rest))
}

/// Decodes what follows `\u`, a second half included.
fn next_code_point(raw: &[u8]) -> Option<(char, &[u8])> {
    let high = hexadecimal(raw.get(..4)?)?;
    let rest = &raw[4..];
    if let (0xD800..0xDC00, [b'\\', b'u', tail @ ..]) = (high, rest)
        && let Some(low @ 0xDC00..0xE000) = tail.get(..4).and_then(hexadecimal)
    {
        let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        return Some((char::from_u32(code)?, &tail[4..]));
    }
    Some((
        char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
        rest,
    ))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// Walks over one JSON text.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// `bytes` has been checked to be UTF-8.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next byte that is no white space, without taking it.
    pub(super) fn peek(&mut self) -> Result<u8, Reason> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(Reason::Truncated)
    }

    /// Takes `byte`, or says whether the text is wrong or too short.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Reason> {
        if self.peek()? != byte {
            return Err(Reason::Malformed);
        }
        self.at += 1;
        Ok(())
    }

    /// Takes `byte` if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, Reason> {
        let found = self.peek()? == byte;
        self.at += usize::from(found);
        Ok(found)
    }

    /// Nothing but white space may be left.
    pub(super) fn end(&mut self) -> Result<(), Reason> {
        if self.peek().is_ok() {
            Err(Reason::Malformed)
        } else {
            Ok(())
        }
    }

    /// Takes a string.
    pub(super) fn string(&mut self) -> Result<Text<'a>, Reason> {
        self.expect(b'"')?;
        let (start, mut escaped) = (self.at, false);
        loop {
            match self.bytes.get(self.at).ok_or(Reason::Truncated)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                0..32 => return Err(Reason::Malformed),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(Text {
            raw: &self.bytes[start..self.at - 1],
            escaped,
        })
    }

    fn escape(&mut self) -> Result<(), Reason> {
        match self.bytes.get(self.at + 1).ok_or(Reason::Truncated)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                let digits = self
                    .bytes
                    .get(self.at + 2..self.at + 6)
                    .ok_or(Reason::Truncated)?;
                hexadecimal(digits).ok_or(Reason::Malformed)?;
                self.at += 6;
            }
            _ => return Err(Reason::Malformed),
        }
        Ok(())
    }

    /// Takes any value and gives its text, without the white space in front of it.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Reason> {
        self.peek()?;
        let start = self.at;
        self.skip(DEPTH_MAX)?;
        Ok(&self.bytes[start..self.at])
    }

    fn skip(&mut self, depth: u32) -> Result<(), Reason> {
        match self.peek()? {
            b'{' | b'[' if depth == 0 => Err(Reason::Malformed),
            b'{' => self.skip_members(depth - 1),
            b'[' => self.items(|scanner| scanner.skip(depth - 1)),
            b'"' => self.string().map(drop),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number().map(drop),
        }
    }

    fn skip_members(&mut self, depth: u32) -> Result<(), Reason> {
        self.members(|scanner, _| scanner.skip(depth))
    }

    /// Takes an object; `read` takes each value.
    pub(super) fn members(
        &mut self,
        mut read: impl FnMut(&mut Self, Text<'a>) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        self.expect(b'{')?;
        if self.take(b'}')? {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            read(self, key)?;
            if self.take(b'}')? {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Takes an array; `read` takes each item.
    pub(super) fn items(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        self.expect(b'[')?;
        if self.take(b']')? {
            return Ok(());
        }
        loop {
            read(self)?;
            if self.take(b']')? {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Reason> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(if word.starts_with(rest) {
            Reason::Truncated
        } else {
            Reason::Malformed
        })
    }

    /// Takes a bare number and gives its text.
    pub(super) fn number(&mut self) -> Result<&'a [u8], Reason> {
        self.peek()?;
        let rest = &self.bytes[self.at..];
        let belongs = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(belongs).count();
        let text = &rest[..length];
        if length == rest.len() && length > 0 {
            return Err(Reason::Truncated);
        }
        if super::decimal::Decimal::parse(text) == Err(super::decimal::DecimalError::NotANumber) {
            return Err(Reason::Malformed);
        }
        self.at += length;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), Reason> {
        let mut scanner = Scanner::new(text.as_bytes());
        scanner.value()?;
        scanner.end()
    }

    #[test]
    fn json_passes() {
        let good = [
            "{}",
            " [ ] ",
            "{\"a\" : [1, -2.5e+3, true,false ,null], \"\\u0062\\n\":{\"c\":\"\\ud83d\\ude00\"}}",
            "\"\u{e9}\\/\\\"\"",
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_ends_too_early_is_truncated() {
        let text = "{\"a\":[1,\"\\u0062\",true,{\"b\":null}]}";
        for end in 0..text.len() {
            assert_eq!(
                check(&text[..end]),
                Err(Reason::Truncated),
                "{}",
                &text[..end]
            );
        }
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let bad = [
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "{\"a\":01}",
            "tru ",
            "\"\\x\"",
            "\"\n\"",
            "{} {}",
            "[1]]",
            "\"\\u00g0\"",
            "nul0",
            "[+1]",
            "}",
        ];
        for text in bad {
            assert_eq!(check(text), Err(Reason::Malformed), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        assert_eq!(check(&deep), Err(Reason::Malformed));
        assert_eq!(check(&deep[1..65]), Ok(()));
    }

    #[test]
    fn escapes_are_decoded_on_request() {
        let decode = |text: &str| {
            let mut buffer = [0; TEXT_BYTES_MAX];
            let text = Scanner::new(text.as_bytes()).string().ok()?;
            text.decode(&mut buffer)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        assert_eq!(
            decode(r#""\u0062\"\\\/\b\f\n\r\té""#).as_deref(),
            Some("b\"\\/\u{8}\u{c}\n\r\té")
        );
        assert_eq!(decode(r#""\ud83d\ude00""#).as_deref(), Some("\u{1f600}"));
        assert_eq!(decode(r#""\ud83dx""#).as_deref(), Some("\u{fffd}x"));
        assert_eq!(
            decode(&format!("\"\\n{}\"", "a".repeat(128))),
            None,
            "too long to decode"
        );
        assert_eq!(decode("\"plain\"").as_deref(), Some("plain"));
    }
}
