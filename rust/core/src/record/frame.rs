//! One received frame: 64 bytes of header, then the payload as it came, padded to 64.

use super::layout::layout;
use super::{ABSENT, ANY_INSTRUMENT, frame_kind, pad64, record_type};

/// Bytes before the payload.
pub const HEADER_LEN: usize = Frame::LEN;

layout! {
    /// Header of a frame. Stamps are monotonic raw nanoseconds, ABSENT where none was taken.
    pub struct Frame: 64 {
        /// Sequence word of the region, from 1.
        sequence / set_sequence: u64 = 0,
        /// Record type, always FRAME.
        record_type / set_record_type: u8 = 8,
        /// Venue id.
        venue / set_venue: u8 = 9,
        /// What the frame carries, see `frame_kind`.
        kind / set_kind: u8 = 10,
        /// See `frame_flag`.
        flags / set_flags: u8 = 11,
        /// Instrument where the sender knows it (REST), else ANY_INSTRUMENT.
        instrument / set_instrument: u16 = 12,
        /// Line that brought it.
        line / set_line: u16 = 14,
        /// The kernel's receive stamp.
        kernel_ns / set_kernel_ns: i64 = 16,
        /// The receive stamp of user space.
        received_ns / set_received_ns: i64 = 24,
        /// Connection that brought it, counted per forwarder.
        connection / set_connection: u32 = 32,
        /// Payload bytes, before padding.
        length / set_length: u32 = 36,
        /// When the REST request was sent.
        requested_ns / set_requested_ns: i64 = 40,
        /// Echo of the request's correlation.
        correlation / set_correlation: u64 = 48,
        /// Count of received frames, from 0 and without gaps, the dropped ones too.
        frame_id / set_frame_id: u64 = 56,
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            sequence: 0,
            record_type: record_type::FRAME,
            venue: 0,
            kind: frame_kind::TEXT,
            flags: 0,
            instrument: ANY_INSTRUMENT,
            line: 0,
            kernel_ns: ABSENT,
            received_ns: ABSENT,
            connection: 0,
            length: 0,
            requested_ns: ABSENT,
            correlation: 0,
            frame_id: 0,
        }
    }
}

/// Payload of a frame record; `None` when the record is cut off or no frame.
#[must_use]
pub fn payload(record: &[u8]) -> Option<&[u8]> {
    if record.len() < HEADER_LEN || Frame::record_type(record) != record_type::FRAME {
        return None;
    }
    record[HEADER_LEN..].get(..Frame::length(record) as usize)
}

/// Appends one frame record to `out`; `header.length` is taken from the payload.
///
/// Allocates only while `out` grows.
///
/// # Panics
/// When the payload is longer than a u32 can say; senders refuse long before.
pub fn append(out: &mut Vec<u8>, header: &Frame, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a payload below 4 GiB");
    let at = out.len();
    out.resize(at + HEADER_LEN, 0);
    Frame { length, ..*header }.write(&mut out[at..]);
    out.extend_from_slice(payload);
    out.resize(at + HEADER_LEN + pad64(payload.len()), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::record_len;

    #[test]
    fn every_offset_is_the_documented_one() {
        let expected = [
            ("sequence", 0, 8),
            ("record_type", 8, 1),
            ("venue", 9, 1),
            ("kind", 10, 1),
            ("flags", 11, 1),
            ("instrument", 12, 2),
            ("line", 14, 2),
            ("kernel_ns", 16, 8),
            ("received_ns", 24, 8),
            ("connection", 32, 4),
            ("length", 36, 4),
            ("requested_ns", 40, 8),
            ("correlation", 48, 8),
            ("frame_id", 56, 8),
        ];
        assert_eq!(Frame::FIELDS, expected);
    }

    #[test]
    fn a_frame_is_written_and_read_back() {
        let header = Frame {
            venue: 1,
            frame_id: 7,
            received_ns: -5,
            ..Frame::default()
        };
        let mut out = Vec::new();
        append(&mut out, &header, b"{\"a\":1}");
        assert_eq!(record_len(&out), Some(128));
        assert_eq!(out.len(), 128);
        assert_eq!(payload(&out), Some(&b"{\"a\":1}"[..]));
        assert_eq!(
            Frame::read(&out),
            Some(Frame {
                length: 7,
                ..header
            })
        );
    }

    #[test]
    fn a_frame_that_is_cut_off_has_no_payload() {
        let mut out = Vec::new();
        append(&mut out, &Frame::default(), &[b'x'; 100]);
        assert_eq!(payload(&out[..150]), None);
        assert_eq!(payload(&out[..20]), None);
    }
}
