//! Where segments lie: `Ring.open("demo")` means `/dev/shm/tickwork-<uid>/demo/book`.

use std::path::{Path, PathBuf};

/// File name of a publisher's segment.
pub const BOOK: &str = "book";

/// Directory of this user's segments.
#[must_use]
pub fn default_root() -> PathBuf {
    // SAFETY: asks for a number; cannot fail.
    let uid = unsafe { libc::geteuid() };
    PathBuf::from(format!("/dev/shm/tickwork-{uid}"))
}

/// Path of the book segment that `name` means: an absolute path is taken as it is (a directory
/// means its `book`), anything else is a name below `root`.
#[must_use]
pub fn book_path(name: &Path, root: Option<&Path>) -> PathBuf {
    let base = match root {
        Some(root) => root.join(name),
        None if name.is_absolute() => name.to_owned(),
        None => default_root().join(name),
    };
    let names_a_file = name.is_absolute() || base.is_file();
    if base.is_dir() || !names_a_file {
        base.join(BOOK)
    } else {
        base
    }
}

/// The file beside a broadcast segment in which its readers say where they are.
#[must_use]
pub fn readers_path(segment: &Path) -> PathBuf {
    let mut name = segment.as_os_str().to_owned();
    name.push(".readers");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_its_book() {
        let book = book_path(Path::new("demo"), None);
        assert!(book.to_string_lossy().ends_with("/demo/book"), "{book:?}");
        assert!(book.starts_with(default_root()));
        assert_eq!(
            book_path(Path::new("demo"), Some(Path::new("/x"))),
            Path::new("/x/demo/book")
        );
        assert_eq!(
            book_path(Path::new("/x/demo/book"), None),
            Path::new("/x/demo/book")
        );
        assert_eq!(
            readers_path(Path::new("/x/book")),
            Path::new("/x/book.readers")
        );
    }
}
