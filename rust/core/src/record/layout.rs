//! One table per layout: struct, reader, writer, single-field access and offsets from one list.

/// Little-endian u32 at `offset`; the caller has checked the length.
#[inline(always)]
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let mut raw = [0_u8; 4];
    raw.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(raw)
}

/// Declares a fixed layout. Every field names its getter, its setter and its offset:
/// the struct is a copy of the bytes, the associated functions touch the bytes in place.
macro_rules! layout {
    (
        $(#[$meta:meta])*
        pub struct $name:ident: $length:literal {
            $($(#[$field_meta:meta])* $field:ident / $setter:ident: $type:ty = $offset:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        impl $name {
            /// Bytes of this layout.
            pub const LEN: usize = $length;

            /// Name, offset and size of every field, in order.
            pub const FIELDS: &'static [(&'static str, usize, usize)] =
                &[$((stringify!($field), $offset, size_of::<$type>()),)+];

            /// Copies the fields out; `None` when `bytes` is shorter than the layout.
            #[inline]
            #[must_use]
            pub fn read(bytes: &[u8]) -> Option<Self> {
                let bytes: &[u8; $length] = bytes.first_chunk()?;
                Some(Self { $($field: Self::$field(bytes),)+ })
            }

            /// Writes all fields; bytes between fields are zeroed.
            ///
            /// # Panics
            /// When `out` is shorter than the layout.
            #[inline]
            pub fn write(&self, out: &mut [u8]) {
                let out: &mut [u8; $length] = out.first_chunk_mut().expect("room for the layout");
                out.fill(0);
                $(Self::$setter(out, self.$field);)+
            }

            $(
                $(#[$field_meta])*
                ///
                /// # Panics
                /// When `bytes` ends before the field.
                #[inline(always)]
                #[must_use]
                pub fn $field(bytes: &[u8]) -> $type {
                    const SIZE: usize = size_of::<$type>();
                    let mut raw = [0_u8; SIZE];
                    raw.copy_from_slice(&bytes[$offset..$offset + SIZE]);
                    <$type>::from_le_bytes(raw)
                }

                /// Sets the field in place.
                ///
                /// # Panics
                /// When `bytes` ends before the field.
                #[inline(always)]
                pub fn $setter(bytes: &mut [u8], value: $type) {
                    const SIZE: usize = size_of::<$type>();
                    bytes[$offset..$offset + SIZE].copy_from_slice(&value.to_le_bytes());
                }
            )+
        }
    };
}

pub(super) use layout;
